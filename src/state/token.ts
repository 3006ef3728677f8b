import { randomInt } from 'node:crypto';
import { StateError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

const format = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

/** The cluster's bootstrap token, "abcdef.0123456789abcdef": made once, kept in `cluster-token`, 0600. */
export async function clusterToken(state: State): Promise<string> {
  const kept = await readText(file(state));
  if (kept === null) return rotateToken(state);
  const token = kept.trim();
  if (!format.test(token)) {
    throw new StateError(`${file(state)} does not hold a bootstrap token`, {
      remedy: 'Restore it, or remove it to have a new token made.',
    });
  }
  return registered(token);
}

/** Makes and keeps a new token; joins with the old one end when the cluster learns of it. */
export async function rotateToken(state: State): Promise<string> {
  const token = `${random(6)}.${random(16)}`;
  await writeAtomic(file(state), `${token}\n`);
  return registered(token);
}

function file(state: State): string {
  return state.path('cluster-token');
}

function random(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/** The half before the dot is a public name. */
function registered(token: string): string {
  registerSecret(token);
  registerSecret(token.slice(7));
  return token;
}
