import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { apply, plan } from '../../src/cli/apply.ts';
import type { Given } from '../../src/cli/verb.ts';
import type { Event } from '../../src/report/event.ts';
import { readInventory } from '../../src/state/inventory.ts';
import { type Workplace, workplace } from './workplace.ts';

// The recipe here installs nothing, and the real ones are compiled for minutes.
vi.mock('../../src/artefacts/artefacts.ts', () => ({ provideArtefacts: async () => ({ all: () => [] }) }));

let tty: boolean | undefined;
beforeEach(() => {
  tty = process.stdin.isTTY;
  process.stdin.isTTY = false; // nobody can be asked
});
afterEach(() => {
  process.stdin.isTTY = tty as boolean;
});

type Options = { absent?: readonly string[] } & Readonly<Record<string, unknown>>;

async function run(
  work: Workplace,
  act: typeof apply | typeof plan,
  { absent = [], ...options }: Options = {},
) {
  const events: Event[] = [];
  const given = { file: work.file, set: [], json: false, quiet: false, verbose: false, ...options } as Given;
  const report = (event: Event): void => void events.push(event);
  const outcome = await act(work.product, work.session({ absent }), given, { report });
  return { ...outcome, events };
}
const up = (work: Workplace, options?: Options) =>
  run(work, apply, options) as Promise<Awaited<ReturnType<typeof apply>> & { events: Event[] }>;

const everything = ['master', 'minion-1', 'minion-2'].flatMap((name) =>
  ['prepare', 'join', 'resize'].map((phase) => `${name}-${phase}`),
);

describe('up', () => {
  it('does all that there is to do, then nothing', async () => {
    const work = workplace();
    expect(await up(work)).toMatchObject({ changes: 9, failures: [], withheld: [], partial: false });
    expect(work.made(...everything)).toEqual(everything);
    expect(await up(work)).toMatchObject({ changes: 0, failures: [] });
    expect(readFileSync(work.session().state.path('kubeconfig'), 'utf8')).toBe('kubeconfig');
  });

  it('tells which keys of cluster.json are new since the last run, and only then', async () => {
    const work = workplace();
    const keysOf = async () =>
      (await up(work)).events.flatMap((event) => (event.type === 'described' ? event.keys : []));
    expect(await keysOf()).toEqual([]);
    work.describe('minion-1');
    const keys = await keysOf();
    expect(keys).toContainEqual({ key: 'nodes.minion-2.address', was: '10.99.0.13', is: null });
    expect(keys.every(({ key }) => key.startsWith('nodes.minion-2.'))).toBe(true);
    expect(await keysOf()).toEqual([]);
  });

  it('of a part does that part', async () => {
    const work = workplace();
    expect(await up(work, { only: ['join'], on: ['minion-2'] })).toMatchObject({ changes: 1, partial: true });
    expect(work.made(...everything)).toEqual(['minion-2-join']);
  });

  it('called by Vagrant, which holds its machines meanwhile, restarts none of them', async () => {
    const work = workplace();
    expect(await up(work, { 'from-vagrant': 'minion-1' })).toMatchObject({ changes: 6, partial: false });
    expect(work.made(...everything).filter((name) => name.endsWith('resize'))).toEqual([]);
  });
});

describe('a machine that leaves', () => {
  async function shrunk(): Promise<Workplace> {
    const work = workplace();
    await work.stand();
    work.describe('minion-1');
    return work;
  }
  const remembered = async (work: Workplace) =>
    (await readInventory(work.session().state)).map(({ name }) => name);

  it('is announced by a plan, which forgets nothing', async () => {
    const work = await shrunk();
    const { changes, events } = await run(work, plan);
    expect(changes).toBe(1);
    expect(events.flatMap((event) => (event.type === 'change' ? [event.resource] : []))).toEqual([
      'thing:minion-2-gone',
    ]);
    expect([work.made('minion-2-gone'), await remembered(work)]).toEqual([
      [],
      ['master', 'minion-1', 'minion-2'],
    ]);
  });

  it('stays while nobody has agreed; the rest is done', async () => {
    const work = await shrunk();
    work.describe('minion-1', 'minion-3');
    expect(await up(work)).toMatchObject({ changes: 3, withheld: ['minion-2'], failures: [] });
    expect([work.made('minion-2-gone'), await remembered(work)]).toEqual([
      [],
      ['master', 'minion-1', 'minion-2', 'minion-3'],
    ]);
  });

  it('leaves with --yes, is forgotten and told of', async () => {
    const work = await shrunk();
    const { events, ...outcome } = await up(work, { yes: true });
    expect(outcome).toMatchObject({ changes: 1, withheld: [], awaiting: [] });
    expect([work.made('minion-2-gone'), await remembered(work)]).toEqual([
      ['minion-2-gone'],
      ['master', 'minion-1'],
    ]);
    expect(events.slice(-3)).toEqual([
      { type: 'effect', machine: '', phase: 'leave', what: 'forget minion-2', done: false },
      { type: 'effect', machine: '', phase: 'leave', what: 'forget minion-2', done: true },
      { type: 'note', machine: 'minion-2', text: 'has left the cluster' },
    ]);
  });

  it('is not awaited when it is not there any more', async () => {
    const work = await shrunk();
    expect(await up(work, { yes: true, absent: ['minion-2'] })).toMatchObject({ changes: 1, awaiting: [] });
    expect(await remembered(work)).toEqual(['master', 'minion-1']);
  });

  it.each([
    ['the phase is left out', { skip: ['leave'] }],
    ['only other phases are asked for', { only: ['join'] }],
    ['only other machines may be changed', { on: ['minion-1'] }],
    ['the master may not be changed', { on: ['minion-1', 'minion-2'] }],
    ['it may not be changed itself', { on: ['master', 'minion-1'] }],
  ])('stays and is not forgotten when %s', async (_, options) => {
    const work = await shrunk();
    expect(await up(work, { yes: true, ...options })).toMatchObject({ failures: [], withheld: [] });
    expect((await run(work, plan, options)).changes).toBe(0);
    expect([work.made('minion-2-gone'), await remembered(work)]).toEqual([
      [],
      ['master', 'minion-1', 'minion-2'],
    ]);
  });

  it('is not forgotten when it could not leave', async () => {
    const work = await shrunk();
    work.refuse();
    const { failures } = await up(work, { yes: true });
    expect(failures.map(({ message }) => message)).toEqual(['master: thing:minion-2-gone failed (exit 1)']);
    expect(await remembered(work)).toEqual(['master', 'minion-1', 'minion-2']);
  });

  it('need not be cleaned when it is about to be destroyed', async () => {
    const work = await shrunk();
    const options = { yes: true, destroying: true, only: ['leave'], on: ['master', 'minion-1'] };
    expect(await up(work, { ...options, leaver: 'minion-2' })).toMatchObject({ changes: 1 });
    expect(await remembered(work)).toEqual(['master', 'minion-1']);
  });

  it('is the only one that leaves when it is named, whoever else could', async () => {
    const work = await shrunk();
    work.describe();
    await up(work, { yes: true, only: ['leave'], leaver: 'minion-1' });
    expect(work.made('minion-1-gone', 'minion-2-gone')).toEqual(['minion-1-gone']);
    expect(await remembered(work)).toEqual(['master', 'minion-2']);
  });
});

describe('a plan that is kept', () => {
  it('is done as it says', async () => {
    const work = workplace();
    const out = join(work.folder, 'next.json');
    const planned = await run(work, plan, { out });
    expect(planned.events.at(-1)).toMatchObject({
      text: expect.stringContaining(`written to ${out}`) as string,
    });
    expect([planned.changes, work.made(...everything)]).toEqual([9, []]);
    expect(await up(work, { plan: out })).toMatchObject({ changes: 9, failures: [] });
    expect(work.made(...everything)).toEqual(everything);
  });

  it('is consent to what it says', async () => {
    const work = workplace();
    const out = join(work.folder, 'next.json');
    await work.stand();
    work.describe('minion-1');
    await run(work, plan, { out });
    expect(await up(work, { plan: out })).toMatchObject({ changes: 1, withheld: [] });
    expect(work.made('minion-2-gone')).toEqual(['minion-2-gone']);
  });

  it('is refused, and nothing touched, when the world has moved', async () => {
    const work = workplace();
    const out = join(work.folder, 'next.json');
    await run(work, plan, { out });
    writeFileSync(join(work.folder, 'made', 'master-join'), '');
    await expect(up(work, { plan: out })).rejects.toMatchObject({
      code: 'PLAN_MOVED',
      evidence: ['no longer: master thing:master-join (there)'],
    });
    work.describe('minion-1', 'minion-3');
    await expect(up(work, { plan: out })).rejects.toThrow(/^cluster\.json has changed since/);
    expect(work.made(...everything)).toEqual(['master-join']);
  });

  it('is not blamed for a machine that cannot be asked', async () => {
    const work = workplace();
    const out = join(work.folder, 'next.json');
    await run(work, plan, { out });
    const session = work.session();
    const machines = async () => {
      const [first, ...others] = await session.machines();
      const connect = () => Promise.reject(new Error('the key is refused'));
      return [
        { name: 'master', connection: first?.connection ? { ...first.connection, connect } : null },
        ...others,
      ];
    };
    const given = { file: work.file, set: [], json: false, quiet: false, verbose: false, plan: out };
    const outcome = await apply(work.product, { ...session, machines }, given, { report: () => undefined });
    expect(outcome).toMatchObject({ changes: 0, failures: [{ message: 'Error: the key is refused' }] });
  });

  it('is not written when a machine could not be asked, and names machines that are not there', async () => {
    const work = workplace();
    const out = join(work.folder, 'next.json');
    const { events } = await run(work, plan, { out, absent: ['minion-2'] });
    expect(events).toContainEqual({
      ...{ type: 'note', machine: 'minion-2', text: 'is not there yet; it joins when it is' },
    });
    expect(existsSync(out)).toBe(true);
  });
});
