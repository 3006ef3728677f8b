import { readdir } from 'node:fs/promises';
import { StateError } from '../errors.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

/** Who was given a kubeconfig; its key is not kept. */
export interface UserRecord {
  readonly name: string;
  readonly groups: readonly string[];
  /** Of the certificate, hexadecimal. */
  readonly serial: string;
  /** ISO 8601 */
  readonly issued: string;
  readonly expires: string;
}

/** One file a certificate: two people may be given one at the same time. */
export const recordUser = (state: State, user: UserRecord): Promise<void> =>
  writeAtomic(state.path('users', `${user.serial}.json`), `${JSON.stringify(user, null, 2)}\n`);

/** All of them, those that end last first. */
export async function readUsers(state: State): Promise<UserRecord[]> {
  const names = await readdir(state.path('users')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const users = await Promise.all(
    names.filter((name) => /^[0-9A-F]+\.json$/.test(name)).map((name) => readUser(state.path('users', name))),
  );
  return users.sort((a, b) => b.expires.localeCompare(a.expires));
}

async function readUser(path: string): Promise<UserRecord> {
  try {
    return JSON.parse((await readText(path)) ?? '') as UserRecord;
  } catch {
    throw new StateError(`${path} is damaged`, {
      remedy: 'Remove it: it is a record, and no key is lost with it.',
    });
  }
}
