import { constants } from 'node:os';

/** The exit code a shell gives a process ended by a signal: 128 + its number. */
export function signalCode(signal: string | null | undefined): number {
  const known: Readonly<Record<string, number>> = constants.signals;
  return 128 + (known[signal ?? ''] ?? 0);
}
