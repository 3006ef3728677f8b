import { randomInt } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { StateError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

const format = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

export interface Token {
  /** "abcdef.0123456789abcdef" */
  readonly value: string;
  /** Writes it down, 0600, when it is new. */
  keep(): Promise<void>;
}

/**
 * The cluster's bootstrap token as `cluster-token` keeps it; a new one when there is none or when it is older than
 * `ttl` seconds, for then the cluster no longer takes it. Writes nothing.
 */
export async function prepareToken(state: State, ttl: number): Promise<Token> {
  const kept = await keptToken(state, ttl);
  if (kept !== null) return { value: kept, keep: async () => undefined };
  const value = newToken();
  return { value, keep: () => write(state, value) };
}

/** Makes and keeps a new token, whatever there is; joins with the old one end when the cluster forgets it. */
export async function rotateToken(state: State): Promise<string> {
  await keptToken(state, 0); // from now on the old one is never shown either
  const token = newToken();
  await write(state, token);
  return token;
}

const write = (state: State, token: string): Promise<void> => writeAtomic(file(state), `${token}\n`);

const newToken = (): string => registered(`${random(6)}.${random(16)}`);

async function keptToken(state: State, ttl: number): Promise<string | null> {
  const text = await readText(file(state));
  if (text === null) return null;
  const token = text.trim();
  if (!format.test(token)) {
    throw new StateError(`${file(state)} does not hold a bootstrap token`, {
      remedy: 'Restore it, or remove it to have a new token made.',
    });
  }
  registered(token);
  const { mtimeMs } = await stat(file(state));
  return Date.now() - mtimeMs < ttl * 1000 ? token : null;
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
