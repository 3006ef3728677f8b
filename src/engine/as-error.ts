import { HardwayError } from '../errors.ts';

/** What was thrown, as one of our errors; anything else is a fault of Hardway itself. */
export function asError(reason: unknown): HardwayError {
  if (reason instanceof HardwayError) return reason;
  const stack = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  const [first = 'unknown error', ...rest] = stack.split('\n');
  return new HardwayError('INTERNAL', first, { evidence: rest.slice(0, 6) });
}
