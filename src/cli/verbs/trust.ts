import { knownHosts } from '../../connection/known-hosts.ts';
import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const trust = verb(
  'trust <machine>',
  'Accept a machine’s new SSH host key at the next contact',
  (yargs) =>
    yargs
      .positional('machine', { type: 'string', demandOption: true })
      .example('$0 trust minion-1', 'it was made anew'),
  async (given) => {
    const { state, cluster } = openSession(given);
    const name = String(given['machine']);
    if (!cluster.nodes.some((node) => node.name === name))
      throw new UsageError(`${name} is no machine of ${cluster.name}`);
    await knownHosts(state.path('known_hosts')).forget(name, 22);
    process.stdout.write(`the next host key of ${name} will be recorded\n`);
    return exitCode.done;
  },
);
