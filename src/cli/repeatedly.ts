import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../errors.ts';
import { exitCode } from './exit-codes.ts';
import { reportFor } from './reporting.ts';
import { tellFailure } from './run.ts';
import { untilInterrupted } from './until-interrupted.ts';
import type { Given } from './verb.ts';

/** Seconds in "30s", "5m", "1h" or "1d"; throws UsageError for anything else. */
export function interval(text: unknown): number {
  const [, number, unit = ''] = /^([1-9][0-9]{0,5})([smhd])$/.exec(String(text)) ?? [];
  const seconds = Number(number) * (SECONDS[unit] ?? 0);
  if (seconds > 0 && seconds <= LONGEST) return seconds;
  throw new UsageError(`--every ${String(text)} is no interval`, {
    remedy: 'Write a number and s, m, h or d, such as 5m; at most 7d.',
  });
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** Seconds; a timer cannot wait much longer. */
const LONGEST = 7 * 86_400;

/**
 * Does the same again and again, `pause` seconds after it ended, until somebody stops it: only problems and a line for
 * each round, which begins with its time. A round that fails is told, and the next one tries again.
 */
export async function repeatedly(
  pause: number,
  given: Given,
  round: (given: Given) => Promise<unknown>,
): Promise<number> {
  const { signal, release } = untilInterrupted();
  const brief = given.verbose ? given : { ...given, quiet: true };
  while (!signal.aborted) {
    if (!given.json) process.stdout.write(`${new Date().toISOString()} `);
    await round(brief).catch((error: unknown) => tellFailure(reportFor(brief), error));
    await sleep(pause * 1000, undefined, { signal }).catch(() => undefined);
  }
  release();
  return exitCode.done;
}
