import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  collecting,
  type PlanFile,
  type PlannedChange,
  readPlan,
  refuseMoved,
  writePlan,
} from '../../src/cli/plan-file.ts';
import { UsageError } from '../../src/errors.ts';
import type { Event } from '../../src/report/event.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const change = (machine: string, resource: string, ...keys: string[]): PlannedChange => ({
  ...{ machine, phase: 'etcd', resource },
  differences: keys.map((key) => ({ key, now: 'old', wanted: 'new' })),
});
const changes = [change('master', 'file:/etc/a', 'sha256', 'mode'), change('minion-1', 'sysctl:b', 'value')];
const plan = (planned: readonly PlannedChange[]): PlanFile => ({
  ...{ hardway: 'plan', cluster: 'lab', description: '', made: '2026-11-21T06:00:00.000Z', changes: planned },
});

describe('a plan that is kept', () => {
  it('comes back as it was, and only for its cluster', () =>
    inTemporaryDirectory(async (dir) => {
      const path = join(dir, 'next.json');
      await writePlan(path, { name: 'lab' }, changes);
      expect(await readPlan(path, { name: 'lab' })).toMatchObject({
        hardway: 'plan',
        cluster: 'lab',
        changes,
      });
      await expect(readPlan(path, { name: 'shop' })).rejects.toThrow(
        `${path} is a plan for cluster lab, not for shop`,
      );
      await expect(readPlan(path, { name: 'shop' })).rejects.toThrow(UsageError);
    }));

  it('holds the changes among the events, without lines or reasons, and passes all of them on', () =>
    inTemporaryDirectory(async (dir) => {
      const told: Event[] = [];
      const { report, changes: collected } = collecting((event) => void told.push(event));
      const events: Event[] = [
        { type: 'note', text: 'x' },
        { type: 'change', ...changes[0]!, why: 'because', lines: ['+ a line'], disturbs: ['restarts a'] },
        { type: 'phase', phase: 'etcd', title: 'x' },
      ];
      events.forEach(report);
      expect([told, collected]).toEqual([events, [changes[0]]]);
      await writePlan(join(dir, 'p'), { name: 'lab' }, collected);
      expect(readFileSync(join(dir, 'p'), 'utf8')).not.toMatch(/a line|because|restarts/);
    }));

  it.each([
    ['no JSON', 'machine: master', 'is no plan'],
    ['half a plan', '{"hardway":"plan","changes":[', 'is no plan'],
    ['other JSON', '{"hardway":"plan","changes":{}}', 'is no plan'],
    ['a description', '{"name":"lab","nodes":[]}', 'is no plan'],
    ['null', 'null', 'is no plan'],
    ['nothing at all', '', 'is no plan'],
    ['no file', null, 'cannot be read'],
  ])('is not %s', (_, text, message) =>
    inTemporaryDirectory(async (dir) => {
      const path = join(dir, 'p');
      if (text !== null) writeFileSync(path, text);
      await expect(readPlan(path, { name: 'lab' })).rejects.toThrow(UsageError);
      await expect(readPlan(path, { name: 'lab' })).rejects.toThrow(`${path} ${message}`);
    }),
  );
});

describe('a plan is done', () => {
  const [one, two] = changes as [PlannedChange, PlannedChange];

  it.each([
    ['as it was announced', [one, two]],
    ['in another order: machines are asked at the same time', [two, one]],
  ])('%s', (_, now) => {
    expect(() => refuseMoved(plan(changes), now)).not.toThrow();
  });

  const certificate = (now: string, wanted: string): PlannedChange => ({
    ...change('master', 'file:/etc/x.crt'),
    differences: [{ key: 'sha256', now: now.repeat(64), wanted: wanted.repeat(64) }],
  });
  it('whatever digest a certificate will have that is made only then, but not over another one', () => {
    expect(() => refuseMoved(plan([certificate('a', 'b')]), [certificate('a', 'c')])).not.toThrow();
    expect(() => refuseMoved(plan([certificate('a', 'b')]), [certificate('0', 'b')])).toThrow(/has moved/);
  });

  const other = { ...one, differences: [{ key: 'sha256', now: 'old', wanted: 'newer' }] };
  const earlier = { ...two, differences: [{ key: 'value', now: 'older', wanted: 'new' }] };
  const moved: [string, PlannedChange[], string[]][] = [
    ['less is to be done', [one], ['no longer: minion-1 sysctl:b (value)']],
    ['more is to be done', [...changes, change('master', 'x:y', 'k')], ['not in it:  master x:y (k)']],
    [
      'nothing is to be done',
      [],
      ['no longer: master file:/etc/a (sha256, mode)', 'no longer: minion-1 sysctl:b (value)'],
    ],
    [
      'another value is wanted',
      [other, two],
      ['no longer: master file:/etc/a (sha256, mode)', 'not in it:  master file:/etc/a (sha256)'],
    ],
    [
      'another value is there',
      [one, earlier],
      ['no longer: minion-1 sysctl:b (value)', 'not in it:  minion-1 sysctl:b (value)'],
    ],
    [
      'it is another machine',
      [one, { ...two, machine: 'minion-2' }],
      ['no longer: minion-1 sysctl:b (value)', 'not in it:  minion-2 sysctl:b (value)'],
    ],
  ];
  it.each(moved)('not when %s', (_, now, evidence) => {
    expect(() => refuseMoved(plan(changes), now)).toThrow(
      expect.objectContaining({
        code: 'PLAN_MOVED',
        message: 'the world has moved since this plan was made (2026-11-21T06:00:00.000Z)',
        evidence,
      }) as Error,
    );
  });

  it('and what has moved is told in a dozen lines', () => {
    const many = Array.from({ length: 20 }, (_, index) => change('master', `x:${index}`, 'k'));
    const evidence = many.slice(0, 12).map(({ resource }) => `no longer: master ${resource} (k)`);
    expect(() => refuseMoved(plan(many), [])).toThrow(expect.objectContaining({ evidence }) as Error);
  });
});
