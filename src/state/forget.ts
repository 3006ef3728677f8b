import { knownHosts } from '../connection/known-hosts.ts';
import type { State } from './directory.ts';
import { removeMachine } from './inventory.ts';

/** A machine's endpoint and its host key. */
export async function forget(state: State, name: string): Promise<void> {
  await knownHosts(state.path('known_hosts')).forget(name, 22);
  await removeMachine(state, name);
}
