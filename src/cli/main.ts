import yargs from 'yargs';
import { HardwayError, UsageError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import { redact, redactedJson } from '../report/redact.ts';
import { terminal } from '../report/terminal.ts';
import { exitCode } from './exit-codes.ts';
import { handOver } from './hand-over.ts';
import type { Product } from './product.ts';
import type { Given } from './verb.ts';
import { verbs } from './verbs.ts';

/** Runs one command line and returns the exit code; never throws and never exits the process itself. */
export async function main(args: readonly string[], version: string, product: Product): Promise<number> {
  let code: number = exitCode.done;
  const all = verbs(product);
  const { own, rest } = handOver(args, all);
  const parser = yargs([...own])
    .scriptName('hardway')
    .usage('$0 <verb>\n\nReal Kubernetes clusters the hard way, from one cluster.json.')
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'boolean-negation': false })
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
      describe: 'override one value: path=value',
    })
    .option('json', { type: 'boolean', default: false, describe: 'write JSON for programs' })
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      describe: 'only problems and the verdict',
    })
    .option('verbose', { alias: 'v', type: 'boolean', default: false, describe: 'every difference, and why' })
    .version(version)
    .help()
    .alias('h', 'help')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'Say what to do: one of the verbs above.')
    .exitProcess(false)
    .wrap(100)
    .fail((message, error) => {
      throw error ?? new UsageError(message, { remedy: 'hardway --help lists verbs and options.' });
    });
  for (const verb of all) {
    parser.command({
      command: verb.usage,
      describe: verb.describe,
      builder: verb.options,
      handler: async (given) => {
        refuseTwice(given);
        code = await verb.run({ ...(given as unknown as Given), rest });
      },
    });
  }
  try {
    await parser.parseAsync();
    return code;
  } catch (error) {
    tell(error, own.includes('--json'));
    return codeOf(error);
  }
}

/** Options that may be given several times. */
const LISTS = ['set', 'only', 'skip', 'on', 'group', 'names'];

/** yargs makes a list of any option that is given twice, and nobody expects one. */
function refuseTwice(given: Readonly<Record<string, unknown>>): void {
  const isTwice = (key: string): boolean =>
    key.length > 1 && Array.isArray(given[key]) && !LISTS.includes(key);
  const twice = Object.keys(given).find(isTwice);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
}

const codeOf = (error: unknown): number =>
  error instanceof HardwayError && error.code === 'BUSY' ? exitCode.busy : exitCode.failed;

/** What, where, evidence, remedy. */
function tell(error: unknown, json: boolean): void {
  terminal.hold();
  const known = error instanceof HardwayError;
  const message = error instanceof Error ? error.message : String(error);
  const evidence = known
    ? error.evidence
    : error instanceof Error
      ? (error.stack ?? '').split('\n').slice(1, 6)
      : [];
  const remedy = known
    ? error.remedy
    : 'This is a fault of Hardway itself; please report it with the lines above.';
  if (json) {
    const code = known ? error.code : 'INTERNAL';
    process.stderr.write(`${redactedJson({ type: 'failure', code, message, evidence, remedy })}\n`);
    return;
  }
  const lines = [
    `✗ ${message}`,
    ...evidence.map((line) => `    ${line}`),
    ...(remedy === undefined ? [] : [`  → ${remedy}`]),
  ];
  process.stderr.write(`${redact(printable(lines.join('\n')))}\n`);
}
