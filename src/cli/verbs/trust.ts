import { knownHosts } from '../../connection/known-hosts.ts';
import { readInventory } from '../../state/inventory.ts';
import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const trust = verb(
  'trust <machine>',
  'Accept a machine’s new SSH host key at the next contact',
  (yargs) => yargs.positional('machine', { type: 'string', demandOption: true }),
  async (given) => {
    const { state, cluster } = openSession(given);
    const name = String(given['machine']);
    const node = cluster.nodes.find((each) => each.name === name);
    const endpoint = node?.ssh ?? (await readInventory(state)).find((machine) => machine.name === name);
    if (endpoint === undefined) throw new UsageError(`nothing is known about a machine ${name}`);
    await knownHosts(state.path('known_hosts')).forget(endpoint.host, endpoint.port);
    process.stdout.write(`the next host key of ${name} will be recorded\n`);
    return exitCode.done;
  },
);
