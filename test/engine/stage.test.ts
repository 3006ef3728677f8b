import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sh } from '../../src/connection/quote.ts';
import type { Gather } from '../../src/engine/resource.ts';
import { condition, exists, here, observed, phase, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const log = (name: string): string[] =>
  existsSync(at(name)) ? readFileSync(at(name), 'utf8').trimEnd().split('\n') : [];

describe('pace', () => {
  const machines = ['a', 'b', 'c'];
  const order = async (name: string, pace: 'together' | 'one-by-one') => {
    const write = (machine: string) => sh`echo begin ${machine} >> ${at(name)}
sleep ${pace === 'together' ? 0.5 : 0.05}
echo end ${machine} >> ${at(name)}; touch ${at(`${name}-${machine}`)}`;
    const slow = {
      ...{ title: 'x', pace, settle: [condition('peace', sh`echo settled >> ${at(name)}`)] },
      resources: (machine: string) => [exists(at(`${name}-${machine}`), { run: write(machine) })],
    };
    await run([{ ...phase('one', slow), on: machines }], { machines: here(...machines) });
    return log(name);
  };

  it('one by one settles each machine before the next begins', async () => {
    expect(await order('slowly', 'one-by-one')).toEqual(
      machines.flatMap((name) => [`begin ${name}`, `end ${name}`, 'settled']),
    );
  });

  it('together begins on all before any ends, and settles once', async () => {
    const lines = await order('quickly', 'together');
    expect(lines.slice(0, 3).sort()).toEqual(['begin a', 'begin b', 'begin c']);
    expect(lines.slice(3).sort()).toEqual(['end a', 'end b', 'end c', 'settled']);
    expect(lines.at(-1)).toBe('settled');
  });

  it('one by one stops at the first that fails', async () => {
    const failing = {
      ...{ title: 'x', pace: 'one-by-one' as const },
      resources: (machine: string) => [
        exists(at('f'), { run: sh`echo ${machine} >> ${at('failing')}; exit 1` }),
      ],
    };
    const { outcome } = await run([{ ...phase('one', failing), on: machines }], {
      machines: here(...machines),
    });
    expect([log('failing'), outcome.failures.length]).toEqual([['a'], 1]);
  });
});

describe('steps', () => {
  const list: Gather = {
    name: 'list',
    script: (items) => sh`echo ${items} >> ${at('gathered')}; cd ${folder}; touch ${items}`,
  };
  const gathered = (name: string) => exists(at(name), { gather: list, item: name });

  it('of a kind are gathered into one script, those of one machine and stage', async () => {
    await run([phase('one', stage(gathered('g1'), gathered('g2')), stage(gathered('g3')))]);
    expect(log('gathered')).toEqual(['g1 g2', 'g3']);
  });

  it('of a kind come after whatever precedes any of them', async () => {
    const before = (name: string) => ({ run: sh`echo before ${name} >> ${at('gathered-after')}` });
    const logged: Gather = {
      name: 'logged',
      script: (items) => sh`echo ${items} >> ${at('gathered-after')}; cd ${folder}; touch ${items}`,
    };
    const after = (name: string) => exists(at(name), before(name), { gather: logged, item: name });
    await run([phase('one', stage(after('a1'), after('a2')))]);
    expect(log('gathered-after')).toEqual(['before a1', 'before a2', 'a1 a2']);
  });

  it('that are the same run once', async () => {
    const reload = { run: sh`echo reload >> ${at('reloads')}` };
    const unit = (name: string) => exists(at(name), { run: sh`touch ${at(name)}` }, reload);
    await run([phase('one', stage(unit('u1'), unit('u2'), unit('u3')))]);
    expect(log('reloads')).toEqual(['reload']);
  });

  it('all travel as one script; a large file streams by itself, before it, with progress', async () => {
    const large = Buffer.alloc(300 * 1024, 'x');
    writeFileSync(at('cached'), large);
    const content = {
      file: at('cached'),
      sha256: createHash('sha256').update(large).digest('hex'),
      size: large.length,
    };
    const runs: string[] = [];
    const resources = [
      exists(at('small'), { put: at('small'), content: 'small\n', mode: 0o600 }),
      exists(at('bytes'), { put: at('bytes'), content: large, mode: 0o600 }),
      exists(at('large'), { put: at('large'), content, mode: 0o755 }, { run: sh`[ ! -e ${at('small2')} ]` }),
      exists(at('small2'), { run: sh`touch ${at('small2')}` }, { remove: at('gone') }),
    ];
    writeFileSync(at('gone'), '');
    const { events, outcome } = await run([phase('one', stage(...resources))], {
      machines: [{ name: 'a', connection: observed(runs) }],
    });
    expect(outcome.failures).toEqual([]);
    // facts, questions, room, changes, questions; facts, questions of the last pass
    expect(runs).toHaveLength(7);
    expect([
      statSync(at('large')).size,
      statSync(at('bytes')).size,
      statSync(at('large')).mode & 0o777,
    ]).toEqual([...[large.length, large.length, 0o755]]);
    expect(existsSync(at('gone'))).toBe(false);
    const ends = events.filter((event) => event.type === 'progress' && event.done === event.total);
    expect(ends.map((event) => event.type === 'progress' && event.task)).toEqual([
      `a: ${at('bytes')}`,
      `a: ${at('large')}`,
    ]);
  });
});

describe('an aborted run', () => {
  it('finishes the stage in hand, begins no other and says so', async () => {
    const over = new AbortController();
    const twoSteps = exists(
      at('second'),
      { run: sh`touch ${at('first')}` },
      { run: sh`touch ${at('second')}` },
    );
    const phases = [
      phase('one', stage(twoSteps), stage(exists(at('next-stage')))),
      phase('two', stage(exists(at('next-phase')))),
    ];
    const stop = {
      signal: over.signal,
      report: ({ type }: { type: string }) => type === 'change' && over.abort(),
    };
    const { outcome } = await run(phases, { ...stop, report: (event) => void stop.report(event) });
    expect(outcome).toMatchObject({ changes: 1, failures: [], interrupted: true });
    expect(['second', 'next-stage', 'next-phase'].map((name) => existsSync(at(name)))).toEqual([
      true,
      false,
      false,
    ]);
    const again = await run(phases);
    expect(again.outcome).toMatchObject({ changes: 2, interrupted: false });
  });
});
