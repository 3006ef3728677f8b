import { BusyError } from '../errors.ts';
import type { Outcome } from '../engine/converge.ts';
import { exitCode } from './exit-codes.ts';

export interface Verdict {
  readonly exitCode: number;
  readonly text: string;
}

/** What a run came to, in one sentence. */
export function verdictOf(outcome: Outcome, planOnly: boolean, seconds: number): Verdict {
  const { changes, awaiting, deferred, failures, interrupted, refused = [] } = outcome;
  const done = `${count(changes, 'change')} in ${seconds.toFixed(1)} s`;
  if (failures.some((failure) => failure instanceof BusyError))
    return { exitCode: exitCode.busy, text: 'busy' };
  if (failures.length > 0) return { exitCode: exitCode.failed, text: `failed after ${done}` };
  if (interrupted) return { exitCode: exitCode.failed, text: `stopped after ${done}; run again to go on` };
  if (refused.length > 0)
    return { exitCode: exitCode.failed, text: `not everything could be used; of the rest: ${done}` };
  if (planOnly && changes > 0)
    return { exitCode: exitCode.differences, text: `${count(changes, 'difference')}; nothing was touched` };
  if (awaiting.length > 0)
    return { exitCode: exitCode.partial, text: `${done}; awaiting ${awaiting.join(', ')}` };
  if (deferred.length > 0)
    return { exitCode: exitCode.failed, text: `stuck after ${done}: ${deferred.join('; ')}` };
  return { exitCode: exitCode.done, text: planOnly ? 'nothing to do' : `done: ${done}` };
}

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
