import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { sh } from '../../src/connection/quote.ts';
import { ConnectionError, type ConnectionFault, MachineError } from '../../src/errors.ts';
import { file } from '../../src/resources/file.ts';
import { exists, fact, here, observed, phase, recipe, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);

describe('a second run', () => {
  it('changes nothing, says nothing and needs two round trips however long the recipe', async () => {
    const files = Array.from({ length: 20 }, (_, index) => file(at(`second-${index}`), `${index}\n`));
    const phases = [phase('one', stage(...files)), phase('two', stage(exists(at('second'))))];
    const first = await run(phases);
    expect(first.outcome).toMatchObject({
      ...{ changes: 21, awaiting: [], deferred: [], failures: [], interrupted: false },
    });
    const runs: string[] = [];
    const second = await run(phases, { machines: [{ name: 'a', connection: observed(runs) }] });
    expect(second.outcome.changes).toBe(0);
    expect(second.events).toEqual([{ type: 'note', text: 'adapted' }]);
    expect(runs).toHaveLength(2);
  });

  it('that never comes to rest is an error', async () => {
    const restless = fact('restless', sh`cat ${at('n')} 2>/dev/null; rm -f ${at('n')}; true`, 'x', {
      run: sh`echo x > ${at('n')}`,
    });
    await expect(run([phase('one', stage(restless))])).rejects.toThrow(
      /still changing something after 8 passes/,
    );
  });
});

describe('what fails', () => {
  it('names the resource that still differs, with both values', async () => {
    const { outcome } = await run([
      phase('one', stage(fact('stubborn', sh`echo old`, 'new', { run: sh`true` }))),
    ]);
    expect(outcome.failures).toEqual([expect.any(MachineError)]);
    expect(outcome.failures[0]).toMatchObject({
      message: 'a: fact:stubborn is still not as desired after it was changed',
      evidence: ['value: is old, should be new'],
    });
  });

  it('names the resource whose step failed, keeps the end of what it said, and stops there', async () => {
    const noisy = { run: sh`seq 1 100 >&2; echo on stdout; sh -c 'exit 7'; touch ${at('after-failure')}` };
    const phases = [
      phase('one', stage(exists(at('before-failure')), exists(at('x'), noisy), exists(at('next-resource')))),
      phase('two', stage(exists(at('next-phase')))),
    ];
    const { outcome } = await run(phases);
    expect(outcome.failures.map(({ message }) => message)).toEqual([`a: fact:${at('x')} failed (exit 7)`]);
    expect(outcome.failures[0]?.evidence).toEqual([
      ...Array.from({ length: 11 }, (_, index) => String(90 + index)),
      'on stdout',
    ]);
    const made = ['before-failure', 'after-failure', 'next-resource', 'next-phase'].map((name) =>
      existsSync(at(name)),
    );
    expect(made).toEqual([true, false, false, false]);
  });

  it('is told for every machine of the stage', async () => {
    const both = { ...phase('one', stage(exists(at('y'), { run: sh`exit 3` }))), on: ['a', 'b'] };
    const { outcome } = await run([both], { machines: here('a', 'b') });
    expect(outcome.failures.map(({ message }) => message)).toEqual([
      `a: fact:${at('y')} failed (exit 3)`,
      `b: fact:${at('y')} failed (exit 3)`,
    ]);
  });

  it('is a machine that cannot say what it is', async () => {
    const deaf = recipe([], sh`echo no such thing >&2; exit 4`);
    await expect(run(deaf)).rejects.toMatchObject({ code: 'FACTS', evidence: ['no such thing'] });
  });
});

describe('a connection that breaks', () => {
  /** Breaks at these runs of all, counted from 1; the script itself is carried out. */
  const breaking = (...at: number[]) => {
    let count = 0;
    const connection = localConnection();
    const run: typeof connection.run = async (script, options) => {
      const result = await connection.run(script, options);
      count += 1;
      if (!at.includes(count)) return result;
      return { ...result, ok: false, code: null, outcome: 'lost', stderr: 'no answer for 12 s\n' };
    };
    return [{ name: 'a', connection: { ...connection, run } }];
  };

  const moments: [string, number, string][] = [
    ['facts', 1, 'while it was asked what kind of machine it is'],
    ['questions', 2, 'while it was asked what is there'],
    ['a change', 3, 'while it was being changed'],
    ['the look after a change', 4, 'while it was asked what is there'],
  ];
  it.each(moments)(
    'during %s: what is there is looked at again, and the run goes on',
    async (_, at, words) => {
      const path = join(folder, `broke-${at}`);
      const { outcome, events } = await run([phase('one', stage(exists(path)))], { machines: breaking(at) });
      expect(outcome).toMatchObject({ failures: [], deferred: [], changes: 1 });
      expect(existsSync(path)).toBe(true);
      expect(events).toContainEqual({
        type: 'warning',
        text: `unknown: a: no answer for 12 s ${words}; looking again`,
      });
    },
  );

  it('again and again fails, with the reason, after the third time', async () => {
    const phases = [phase('one', stage(exists(at('never'))))];
    const { outcome, events } = await run(phases, { machines: breaking(1, 2, 3) });
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(2);
    expect(outcome.failures).toEqual([expect.objectContaining({ fault: 'lost' })]);
    expect(outcome.failures[0]?.message).toBe(
      'a: no answer for 12 s while it was asked what kind of machine it is',
    );
  });
});

describe('machines', () => {
  const refusing = (fault: ConnectionFault) => ({
    ...localConnection(),
    connect: () => Promise.reject(new ConnectionError(fault, `b: ${fault}`)),
  });
  const two = (fault: ConnectionFault | null) => [
    ...here('a'),
    { name: 'b', connection: fault === null ? null : refusing(fault) },
  ];
  const both = (name: string) => [{ ...phase('one', stage(exists(at(name)))), on: ['a', 'b'] }];

  it.each([null, 'refused', 'timeout', 'unreachable'] as const)(
    'not there (%s) are awaited',
    async (fault) => {
      const { outcome } = await run(both(`awaited-${fault}`), { machines: two(fault) });
      expect(outcome).toMatchObject({ changes: 1, awaiting: ['b'], failures: [], deferred: [] });
    },
  );

  const strange = ['authentication', 'host-key', 'lost', 'sudo'] as const;
  it.each(strange)('that are there but strange (%s) fail before anything is touched', async (fault) => {
    const { outcome } = await run(both(`strange-${fault}`), { machines: two(fault) });
    expect(outcome).toMatchObject({ changes: 0, awaiting: [], failures: [{ message: `b: ${fault}` }] });
    expect(existsSync(at(`strange-${fault}`))).toBe(false);
  });

  it('none at all is no failure either', async () => {
    const { outcome } = await run(both('none'), { machines: [{ name: 'a', connection: null }] });
    expect(outcome).toMatchObject({ changes: 0, awaiting: ['a'], failures: [] });
    expect(outcome.deferred).toEqual(['every phase: no machine is there yet']);
  });
});
