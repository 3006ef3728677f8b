import { describe, expect, it } from 'vitest';
import { verdictOf } from '../../src/cli/verdict.ts';
import type { Outcome } from '../../src/engine/converge.ts';
import { BusyError, HardwayError } from '../../src/errors.ts';

const nothing: Outcome = { changes: 0, awaiting: [], deferred: [], failures: [], interrupted: false };
const failed = [new HardwayError('X', 'x')];
const waits = {
  awaiting: ['minion-1', 'minion-2'],
  deferred: ['kubelet: not all of its machines are there'],
};
const stuck = { deferred: ['addons: the API server to be ready: it is down'] };

describe('verdictOf', () => {
  const runs: [string, Partial<Outcome>, number, string][] = [
    ['nothing to do', {}, 0, 'done: 0 changes in 1.2 s'],
    ['one change', { changes: 1 }, 0, 'done: 1 change in 1.2 s'],
    [
      'machines that are not there',
      { changes: 3, ...waits },
      3,
      '3 changes in 1.2 s; awaiting minion-1, minion-2',
    ],
    [
      'a phase that could not be done',
      { changes: 2, ...stuck },
      1,
      'stuck after 2 changes in 1.2 s: addons: the API server to be ready: it is down',
    ],
    ['a failure', { changes: 2, failures: failed }, 1, 'failed after 2 changes in 1.2 s'],
    [
      'a failure while machines are missing',
      { ...waits, failures: failed },
      1,
      'failed after 0 changes in 1.2 s',
    ],
    [
      'an interruption',
      { changes: 1, interrupted: true, ...waits },
      1,
      'stopped after 1 change in 1.2 s; run again to go on',
    ],
    [
      'a failure and an interruption',
      { failures: failed, interrupted: true },
      1,
      'failed after 0 changes in 1.2 s',
    ],
    ['a lock held too long', { failures: [...failed, new BusyError('x')] }, 4, 'busy'],
  ];
  it.each(runs)('up, %s', (_, outcome, exitCode, text) => {
    expect(verdictOf({ ...nothing, ...outcome }, false, 1.234)).toEqual({ exitCode, text });
  });

  const plans: [string, Partial<Outcome>, number, string][] = [
    ['nothing to do', {}, 0, 'nothing to do'],
    ['one difference', { changes: 1 }, 2, '1 difference; nothing was touched'],
    [
      'differences while machines are missing',
      { changes: 5, ...waits },
      2,
      '5 differences; nothing was touched',
    ],
    ['only machines missing', waits, 3, '0 changes in 1.2 s; awaiting minion-1, minion-2'],
    ['a failure', { changes: 5, failures: failed }, 1, 'failed after 5 changes in 1.2 s'],
  ];
  it.each(plans)('plan, %s', (_, outcome, exitCode, text) => {
    expect(verdictOf({ ...nothing, ...outcome }, true, 1.234)).toEqual({ exitCode, text });
  });
});
