import { randomBytes } from 'node:crypto';
import { link, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError, HardwayError } from '../errors.ts';
import { writeError } from '../here.ts';
import { isDead, parseHolder, thisProcess } from './holder.ts';
import type { Holder } from './holder.ts';
import { momentary } from './momentary.ts';
import { readText } from './read-text.ts';

export interface LockOptions {
  /** What the holder is doing, for those who wait: "apply". */
  readonly who: string;
  /** Seconds to wait for another holder; default: half an hour, for a first run may take that long. */
  readonly wait?: number;
  /** Called once for each holder we wait for. */
  readonly onWait?: (holder: Holder) => void;
  /** Ends the waiting; what has begun is not its affair. */
  readonly signal?: AbortSignal;
}

const pollMilliseconds = 100;
const PATIENCE = 1800;

/** Runs `fn` while no other process does so with the same directory. Throws BusyError when the wait was in vain. */
export async function withLock<T>(dir: string, options: LockOptions, fn: () => Promise<T>): Promise<T> {
  const path = join(dir, 'lock');
  const mine = await waitFor(path, options);
  try {
    return await fn();
  } finally {
    await release(path, mine);
  }
}

async function waitFor(path: string, options: LockOptions): Promise<Holder> {
  const { wait = PATIENCE } = options;
  const deadline = performance.now() + wait * 1000;
  let told = '';
  for (;;) {
    const mine = thisProcess(options.who, randomBytes(8).toString('hex'));
    const holder = await take(path, mine);
    if (holder === 'taken') return mine;
    if (holder && holder.id !== told) {
      told = holder.id;
      options.onWait?.(holder);
    }
    if (holder && options.signal?.aborted) throw stopped(holder);
    if (holder && performance.now() >= deadline) throw busy(path, holder, wait);
    await sleep(pollMilliseconds * (0.5 + Math.random() / 2));
  }
}

/** One attempt. Returns who holds it instead, or null when that changed while we looked. */
async function take(path: string, mine: Holder): Promise<'taken' | Holder | null> {
  if (await claim(path, mine)) return 'taken';
  const holder = await readHolder(path);
  if (holder && isDead(holder)) await removeDead(path, holder, mine);
  else if (holder) return holder;
  return (await claim(path, mine)) ? 'taken' : null;
}

/** A link fails when the name exists, and the file behind it is complete: nobody ever sees half a lock. */
async function claim(path: string, mine: Holder): Promise<boolean> {
  const draft = join(dirname(path), `${momentary(basename(path))}${mine.id}`);
  try {
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeError(error, path);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Two who find the same dead holder must not both remove "the" lock: the second would remove the first one's new
 * lock. So removing needs a lock of its own, under which we look again. Should its holder die too, the same holds.
 */
async function removeDead(path: string, dead: Holder, mine: Holder): Promise<void> {
  const guard = `${path}.removing`;
  if ((await take(guard, mine)) !== 'taken') return;
  try {
    if ((await readHolder(path))?.id === dead.id) await rm(path, { force: true });
  } finally {
    await release(guard, mine);
  }
}

async function release(path: string, mine: Holder): Promise<void> {
  if ((await readHolder(path))?.id === mine.id) await rm(path, { force: true });
}

async function readHolder(path: string): Promise<Holder | null> {
  const text = await readText(path);
  return text === null ? null : parseHolder(text);
}

/** "another run (up, pid 812 on lotus, since 2026-07-01T08:00:00.000Z)" */
export const called = ({ who, host, pid, since }: Holder): string =>
  `another run (${who}, pid ${pid} on ${host}, since ${since})`;

function busy(path: string, holder: Holder, wait: number): BusyError {
  return new BusyError(`${called(holder)} is busy; waited ${wait} s`, {
    remedy: `Wait for it to end. If ${holder.host} no longer exists: remove ${path}`,
  });
}

const stopped = (holder: Holder): HardwayError =>
  new HardwayError('STOPPED', `stopped while waiting for ${called(holder)}; nothing was changed`);
