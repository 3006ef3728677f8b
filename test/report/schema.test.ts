import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import type { Event } from '../../src/report/event.ts';
import { ndjsonReport } from '../../src/report/ndjson.ts';
import { workplace } from '../cli/workplace.ts';
import { isPublished, schema, strangers } from './published.ts';

const kinds = schema.oneOf.map(({ $ref }) => $ref.replace('#/$defs/', ''));

/** One of each, with everything that it may have: the compiler sees to it. */
const whole: { readonly [Kind in Event['type']]: Required<Extract<Event, { type: Kind }>> } = {
  start: { type: 'start', verb: 'up', cluster: 'lab', machines: 1, names: ['master'] },
  phase: { type: 'phase', phase: 'etcd', title: 'Start the database' },
  change: {
    ...{ type: 'change', machine: 'master', phase: 'etcd', resource: 'file:/a', why: 'It is so.' },
    differences: [{ key: 'mode', now: null, wanted: '0600' }],
    ...{ uncertain: true, disturbs: ['restarts a'], lines: ['- a', '+ b'] },
  },
  effect: { type: 'effect', machine: '', phase: 'operator', what: 'kubeconfig', done: false },
  output: { type: 'output', machine: 'master', phase: 'etcd', text: 'Created symlink' },
  described: { type: 'described', keys: [{ key: 'nodes', was: null, is: '[]' }] },
  wait: { type: 'wait', machine: 'master', what: 'etcd to have a quorum' },
  met: { type: 'met', machine: 'master', what: 'etcd to have a quorum', seconds: 0.1 },
  progress: { type: 'progress', task: 'download etcd', done: 1, total: 2, unit: 'bytes', rate: 3 },
  note: { type: 'note', text: 'so', machine: 'master' },
  warning: { type: 'warning', text: 'so', machine: 'master' },
  deferred: { type: 'deferred', phase: 'etcd', reason: 'no', awaiting: ['minion-1'] },
  failure: { type: 'failure', message: 'no', evidence: ['a'], remedy: 'b' },
  verdict: { type: 'verdict', exitCode: 0, text: 'done', changes: 0, seconds: 1 },
};

/** As it is written for programs. */
function line(event: Event): Record<string, unknown> {
  let written = '';
  ndjsonReport((text) => (written += text))(event);
  return JSON.parse(written) as Record<string, unknown>;
}

describe('schemas/events.schema.json', () => {
  it('knows exactly the kinds of events that there are', () => {
    expect([...kinds].sort()).toEqual(Object.keys(whole).sort());
  });

  it.each(Object.values(whole))('$type: takes everything that it may have, and nothing else', (event) => {
    expect(isPublished(line(event)), JSON.stringify(isPublished.errors)).toBe(true);
    expect(isPublished({ ...line(event), more: 1 })).toBe(false);
  });

  it.each(Object.values(whole))('$type: describes nothing that does not come', (event) => {
    const extra = { failure: ['code'] }[event.type as string] ?? [];
    const described = Object.keys(schema.$defs[event.type]?.properties ?? {});
    expect(described.sort()).toEqual([...Object.keys(line(event)), ...extra].sort());
  });

  it.each(Object.values(whole))('$type: needs what always comes', (event) => {
    for (const key of schema.$defs[event.type]?.required ?? []) {
      const { [key]: _, ...rest } = line(event);
      expect([key, isPublished(rest)]).toEqual([key, false]);
    }
  });

  it('docs/events.md names every kind with its keys', () => {
    const docs = readFileSync(new URL('docs/events.md', packageRoot), 'utf8');
    for (const kind of kinds) {
      const row = docs.split('\n').find((text) => text.startsWith(`| \`${kind}\``)) ?? '';
      const { time: _, type: __, ...keys } = schema.$defs[kind]?.properties ?? {};
      expect([kind, ...Object.keys(keys).filter((key) => !row.includes(`\`${key}\``))]).toEqual([kind]);
    }
  });

  it('every key is described', () => {
    for (const kind of kinds) {
      const { time: _, type: __, ...keys } = schema.$defs[kind]?.properties ?? {};
      for (const [key, value] of Object.entries(keys))
        expect([kind, key, typeof (value as { description?: string }).description]).toEqual([
          kind,
          key,
          'string',
        ]);
    }
  });
});

describe('what a run says with --json', () => {
  const work = workplace();
  it.each([
    ['up', ['start', 'verdict']],
    ['plan --set name=x', ['start', 'verdict']],
    ['up --only nothing', ['start', 'failure', 'verdict']],
  ])('hardway %s is as described', async (words, expected) => {
    const { out } = await work.run(...words.split(' '), '--json');
    expect(strangers(out)).toEqual([]);
    const lines = out
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { type: string });
    expect(expected.filter((type) => !lines.some((one) => one.type === type))).toEqual([]);
    expect(lines.at(-1)?.type).toBe('verdict');
  });

  it('also when it cannot begin', async () => {
    const { err } = await work.run('up', '--nonsense', '--json');
    expect(isPublished(JSON.parse(err)), err).toBe(true);
  });
});
