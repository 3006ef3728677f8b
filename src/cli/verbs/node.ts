import { knownHosts } from '../../connection/known-hosts.ts';
import { removeMachine } from '../../state/inventory.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

/** Called by the Vagrant shim before a machine is destroyed. */
export const node = verb(
  'node forget <name>',
  false,
  (yargs) => yargs.positional('name', { type: 'string', demandOption: true }),
  async (given) => {
    const { state } = openSession(given);
    const name = String(given['name']);
    await knownHosts(state.path('known_hosts')).forget(name, 22);
    await removeMachine(state, name);
    return exitCode.done;
  },
);
