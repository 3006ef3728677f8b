import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { localConnection } from '../../src/connection/local.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Selection } from '../../src/engine/converge.ts';
import type { Step } from '../../src/engine/resource.ts';
import { ConnectionError } from '../../src/errors.ts';
import type { Event } from '../../src/report/event.ts';
import { file } from '../../src/resources/file.ts';
import { changesIn, condition, exists, fact, here, phase, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const there = (...names: string[]): string[] => names.filter((name) => existsSync(at(name)));

describe('a selection', () => {
  const selecting = (phases: string[] | null, machines: string[] | null): Selection => ({
    phase: (name) => phases?.includes(name) ?? true,
    machine: (name) => machines?.includes(name) ?? true,
  });
  const recipe = (mark: string) =>
    ['one', 'two'].map((name) => ({
      ...phase(name, {
        ...{ title: name },
        resources: (machine) => [exists(at(`${mark}-${machine}-${name}`))],
      }),
      on: ['a', 'b'],
    }));
  const cases: [string, Selection, string[]][] = [
    ['of everything', selecting(null, null), ['a-one', 'b-one', 'a-two', 'b-two']],
    ['of a phase', selecting(['two'], null), ['a-two', 'b-two']],
    ['of a machine', selecting(null, ['b']), ['b-one', 'b-two']],
    ['of both', selecting(['one'], ['a']), ['a-one']],
    ['of nothing', selecting([], null), []],
  ];
  it.each(cases)('%s does that and nothing else', async (mark, selection, made) => {
    const { outcome } = await run(recipe(mark), { machines: here('a', 'b'), selection });
    expect(outcome).toMatchObject({ changes: made.length, failures: [], deferred: [] });
    const all = ['a-one', 'b-one', 'a-two', 'b-two'].map((name) => `${mark}-${name}`);
    expect(there(...all)).toEqual(made.map((name) => `${mark}-${name}`));
  });

  it('of a machine asks the others for conditions all the same', async () => {
    const need = { ...condition('b to agree', sh`echo it does not; exit 1`), on: ['b'] };
    const phases = [{ ...phase('one', stage(exists(at('asks-b')))), needs: [need] }];
    const { outcome } = await run(phases, { machines: here('a', 'b'), selection: selecting(null, ['a']) });
    expect(outcome.deferred).toEqual(['one: b to agree: it does not']);
  });
});

describe('effects', () => {
  const effectsIn = (events: readonly Event[]): string[] =>
    events.flatMap((event) =>
      event.type === 'effect' ? [`${event.done ? 'done' : 'begin'} ${event.phase}: ${event.what}`] : [],
    );

  it('are told before and after: each large file, then one script for all the rest', async () => {
    const large = Buffer.alloc(300 * 1024, 'x');
    const phases = [
      phase('one', stage(exists(at('e1')), exists(at('e2'), { put: at('e2'), content: large, mode: 0o600 }))),
    ];
    const { events } = await run(phases);
    const script = `fact:${at('e1')} fact:${at('e2')}`;
    expect(effectsIn(events)).toEqual([
      ...[`begin one: ${at('e2')}`, `done one: ${at('e2')}`],
      // Its only step is the upload; the script is the other's, and is told as the stage's.
      ...[`begin one: ${script}`, `done one: ${script}`],
    ]);
  });

  it('that failed are never told as done', async () => {
    const { events } = await run([phase('one', stage(exists(at('never'), { run: sh`exit 1` })))]);
    expect(effectsIn(events)).toEqual([`begin one: fact:${at('never')}`]);
  });

  it('are none in a plan', async () => {
    const { events, outcome } = await run([phase('one', stage(exists(at('planned'))))], { planOnly: true });
    expect([effectsIn(events), outcome.changes]).toEqual([[], 1]);
  });

  it('on the operator’s side come after the machine’s own, which is connected to again', async () => {
    const seen: string[] = [];
    let open = true;
    const local = localConnection();
    const connection: Connection = {
      ...local,
      connect: async () => {
        seen.push('connect');
        open = true;
      },
      run: (script, options) => {
        if (!open) throw new ConnectionError('lost', 'a: the connection is closed');
        return local.run(script, options);
      },
    };
    const restart: Step = {
      what: 'restart a',
      here: async () => {
        seen.push(`restart, files: ${there('own', 'other').join(' ')}`);
        writeFileSync(at('restarted'), '');
        open = false;
      },
    };
    const own: Step = { run: sh`touch ${at('own')}` };
    const phases = [phase('one', stage(exists(at('restarted'), restart, own), exists(at('other'))))];
    const { outcome, events } = await run(phases, { machines: [{ name: 'a', connection }] });
    expect(outcome).toMatchObject({ changes: 2, failures: [] });
    expect(seen).toEqual(['connect', 'restart, files: own other', 'connect', 'connect']);
    expect(effectsIn(events).slice(-2)).toEqual(['begin one: restart a', 'done one: restart a']);
  });
});

describe('a change', () => {
  const restarting = { disturbs: (now: unknown) => (now === null ? [] : ['restarts x']) };

  it('tells what it disturbs, by what is there now', async () => {
    const value = (name: string, now: string) => fact(name, sh`echo ${now}`, 'new', { run: sh`true` });
    const missing = { ...value('m', ''), question: exists(at('nothing')).question, desired: { value: 'x' } };
    const absent = { ...missing, question: { ...missing.question, parse: () => null } };
    const phases = [
      phase('one', stage({ ...value('v', 'old'), ...restarting }, { ...absent, ...restarting })),
    ];
    const changes = changesIn(await run(phases, { planOnly: true }));
    expect(changes.map(({ resource, disturbs }) => [resource, disturbs])).toEqual([
      ['fact:v', ['restarts x']],
      ['fact:m', undefined],
    ]);
  });

  it('of a text tells its lines, of a secret or a new one it does not', async () => {
    writeFileSync(at('text'), 'same\nold\n');
    writeFileSync(at('secret'), 'old\n');
    const files = [
      file(at('text'), 'same\nnew\n'),
      file(at('secret'), 'new\n', { secret: true }),
      file(at('fresh'), 'new\n'),
    ];
    const told = await run([phase('one', stage(...files))], { planOnly: true });
    expect(changesIn(told).map(({ resource, lines }) => [resource, lines])).toEqual([
      [`file:${at('text')}`, ['- old', '+ new']],
      [`file:${at('secret')}`, undefined],
      [`file:${at('fresh')}`, undefined],
    ]);
    const { events } = await run([phase('one', stage(...files))]);
    const all = events.flatMap((event) => (event.type === 'change' ? [event.lines] : []));
    expect(all).toEqual([['- old', '+ new'], undefined, undefined]);
  });

  it('that does not come true is shown with the last words of what should have', async () => {
    const stubborn = {
      ...fact('stubborn', sh`echo old`, 'new', { run: sh`true` }),
      evidence: sh`seq 1 9; echo the last word`,
    };
    const { outcome } = await run([phase('one', stage(stubborn))]);
    expect(outcome.failures[0]?.evidence).toEqual([
      ...['value: is old, should be new', '6', '7', '8', '9', 'the last word'],
    ]);
  });
});

describe('machines that leave', () => {
  const gone = {
    ...localConnection(),
    connect: () => Promise.reject(new ConnectionError('refused', 'gone')),
  };
  const recipe = (mark: string) => [{ ...phase('one', stage(exists(at(mark)))), on: ['a', 'b'] }];

  it.each([
    ['are not awaited when they are absent', gone, []],
    ['are not awaited when nobody knows where they are', null, []],
  ] as const)('%s', async (mark, connection, awaiting) => {
    const machines = [...here('a'), { name: 'b', connection, leaving: true }];
    const { outcome } = await run(recipe(mark), { machines });
    expect(outcome).toMatchObject({ changes: 1, awaiting, failures: [], deferred: [] });
  });

  it('are changed like others while they are there', async () => {
    const machines = [...here('a'), ...here('b').map((one) => ({ ...one, leaving: true }))];
    const both = { ...stage(), resources: (machine: string) => [exists(at(`leaving-${machine}`))] };
    const { outcome } = await run([{ ...phase('one', both), on: ['a', 'b'] }], { machines });
    expect([outcome.changes, there('leaving-a', 'leaving-b')]).toEqual([2, ['leaving-a', 'leaving-b']]);
  });
});
