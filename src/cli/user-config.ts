import { open, rm } from 'node:fs/promises';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { connect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { StateError } from '../errors.ts';
import { readText } from '../state/read-text.ts';
import { writeAtomic } from '../state/write-atomic.ts';

/** The file that kubectl writes into: the first of $KUBECONFIG, or ~/.kube/config. */
export function userConfig(env: NodeJS.ProcessEnv = process.env): string {
  const [first] = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return resolve(first ?? join(homedir(), '.kube', 'config'));
}

/**
 * Changes a kubeconfig as a whole, 0600, while kubectl keeps off; a link stays a link. Returns whether there was
 * anything to change. What `change` throws leaves the file as it was.
 */
export async function changeConfig(path: string, change: (text: string) => string): Promise<boolean> {
  const file = existsSync(path) ? realpathSync(path) : path;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  return alone(file, async () => {
    const before = (await readText(file)) ?? '';
    const after = change(before);
    if (after === before) return false;
    await writeAtomic(file, after);
    return true;
  });
}

/** Milliseconds, and how often: kubectl itself holds this lock for an instant. */
const PAUSE = 100;
const ATTEMPTS = 50;

/** kubectl's own lock. */
async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  for (let attempt = 1; ; attempt += 1) {
    const taken = await open(lock, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => error);
    if (!(taken instanceof Error)) {
      await taken.close();
      break;
    }
    if (taken.code !== 'EEXIST') throw taken;
    if (attempt === ATTEMPTS) {
      throw new StateError(`${file} is being changed by another program`, {
        evidence: [`${lock} exists for ${(PAUSE * ATTEMPTS) / 1000} s`],
        remedy: `If none is running, remove ${lock}.`,
      });
    }
    await sleep(PAUSE);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

/**
 * The first of the servers that answers from here, within so many seconds, as the one that this authority vouches for;
 * null: none does.
 */
export async function reachable(
  servers: readonly string[],
  authority: string,
  seconds: number,
): Promise<string | null> {
  const answers = await Promise.all(servers.map((server) => answersAs(new URL(server), authority, seconds)));
  return servers.find((_, index) => answers[index]) ?? null;
}

function answersAs({ hostname, port }: URL, ca: string, seconds: number): Promise<boolean> {
  return new Promise((settle) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port), ca, timeout: seconds * 1000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      settle(answer);
    };
    socket.once('secureConnect', () => end(socket.authorized));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
