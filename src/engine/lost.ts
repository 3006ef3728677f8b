import type { Result } from '../connection/connection.ts';
import { ConnectionError, type HardwayError } from '../errors.ts';

/** Nobody knows how a script ended whose connection broke: neither success nor failure. Throws ConnectionError. */
export function refuseLost(machine: string, { outcome, stderr }: Result, during: string): void {
  if (outcome !== 'lost') return;
  const loss = stderr.trimEnd().split('\n').at(-1) || 'the connection broke';
  throw new ConnectionError('lost', `${machine}: ${loss} ${during}`, {
    remedy: 'Look whether the machine and the way to it are well, then run again; what was done is kept.',
  });
}

export const isLost = (error: HardwayError): boolean =>
  error instanceof ConnectionError && error.fault === 'lost';
