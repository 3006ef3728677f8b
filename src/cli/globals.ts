import type { Argv } from 'yargs';

/** Options that every verb has. */
export const withGlobals = (parser: Argv): Argv =>
  parser
    .option('file', {
      alias: 'f',
      type: 'string',
      default: 'cluster.json',
      describe: 'the description of the cluster',
    })
    .option('set', {
      type: 'string',
      array: true,
      nargs: 1,
      default: [],
      describe: 'override one value: path=value; or by a variable: HARDWAY_NETWORK_POD_CIDR=…',
    })
    .option('json', { type: 'boolean', default: false, describe: 'write JSON for programs' })
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      describe: 'only problems and the verdict',
    })
    .option('verbose', {
      alias: 'v',
      type: 'boolean',
      default: false,
      describe: 'every difference, and why',
    });
