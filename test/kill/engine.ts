import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Event } from '../../src/report/event.ts';
import type { Lab } from '../live/support/lab.ts';

/** One thing that a run does to a machine, or on the operator's side (machine ''). */
export interface Effect {
  readonly machine: string;
  readonly phase: string;
  readonly what: string;
  /** Counts those that are called the same: 1, 2, … */
  readonly nth: number;
}

/** A moment of a run: just before the effect is made, or just after it was acknowledged. */
export interface Moment {
  readonly effect: Effect;
  readonly when: 'before' | 'after';
}

/** What an engine told until it ended, one way or another. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly events: readonly Event[];
  readonly moments: readonly Moment[];
  readonly stderr: string;
  readonly seconds: number;
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Nobody reads what it says any more. */
  hangUp(): void;
}

/** Runs a verb with --json as a program would, and calls `watch` the moment each event arrives. */
export function engine(
  lab: Lab,
  words: readonly string[],
  watch: (event: Event, moment: Moment | null, running: Running) => void = () => undefined,
): Promise<Run> {
  const began = Date.now();
  const seen = new Map<string, number>();
  const events: Event[] = [];
  const moments: Moment[] = [];
  const child = spawn(process.execPath, [join(lab.folder, 'dist/hardway.js'), ...words, '--json'], {
    cwd: lab.folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const running: Running = {
    pid: child.pid ?? 0,
    kill: (signal) => void child.kill(signal),
    hangUp: () => void child.stdout.destroy(),
  };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as Event;
    events.push(event);
    const moment = momentOf(event, seen);
    if (moment !== null) moments.push(moment);
    watch(event, moment, running);
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, events, moments, stderr, seconds: (Date.now() - began) / 1000 }),
    );
  });
}

function momentOf(event: Event, seen: Map<string, number>): Moment | null {
  if (event.type !== 'effect') return null;
  const { machine, phase, what, done } = event;
  const key = `${done} ${machine} ${phase} ${what}`;
  const nth = (seen.get(key) ?? 0) + 1;
  seen.set(key, nth);
  return { effect: { machine, phase, what, nth }, when: done ? 'after' : 'before' };
}

export const isSame = (one: Moment, other: Moment): boolean => nameOf(one) === nameOf(other);

export const nameOf = ({ effect: { machine, phase, what, nth }, when }: Moment): string =>
  `${when} ${machine === '' ? 'here' : machine} ${phase}: ${what}${nth > 1 ? ` (${nth})` : ''}`;

/** The last thing the engine said went wrong, for the table. */
export const complaint = ({ events, stderr }: Run): string =>
  events
    .flatMap((event) =>
      event.type === 'failure'
        ? [event.message]
        : event.type === 'verdict' && event.exitCode !== 0
          ? [event.text]
          : [],
    )
    .join('; ') || stderr.trim().slice(-400);
