import { describe, expect, it } from 'vitest';
import { unknown } from '../../src/engine/resource.ts';
import { differing, type Manifest, manifest } from '../../provisioners/resources/manifest.ts';

describe('differing', () => {
  const cases: [string, unknown, unknown, string[]][] = [
    ['the same', { a: 1, b: ['x'] }, { a: 1, b: ['x'] }, []],
    ['fields of others', { a: 1 }, { a: 1, status: {}, metadata: { uid: 'x' } }, []],
    ['fields of others deep inside', { a: { b: { c: 1 } } }, { a: { b: { c: 1, d: 2 }, e: 3 } }, []],
    ['another value', { a: { b: 1 } }, { a: { b: 2 } }, ['a.b']],
    ['another type', { a: 1 }, { a: '1' }, ['a']],
    ['a missing field', { a: { b: 1 } }, { a: {} }, ['a.b']],
    ['a missing branch', { a: { b: { c: 1 } } }, {}, ['a']],
    ['null where a branch belongs', { a: { b: 1 } }, { a: null }, ['a']],
    ['several', { a: 1, b: 2, c: { d: 3 } }, { a: 2, b: 2, c: { d: 4 } }, ['a', 'c.d']],
    ['an item more', { a: ['x'] }, { a: ['x', 'y'] }, ['a']],
    ['an item less', { a: ['x', 'y'] }, { a: ['x'] }, ['a']],
    ['another order', { a: ['x', 'y'] }, { a: ['y', 'x'] }, ['a[0]', 'a[1]']],
    ['a field of an item', { a: [{ n: 1 }] }, { a: [{ n: 2, defaulted: true }] }, ['a[0].n']],
    ['an item with more fields', { a: [{ n: 1 }] }, { a: [{ n: 1, defaulted: true }] }, []],
    ['no list', { a: ['x'] }, { a: 'x' }, ['a']],
    ['undefined is not wanted', { a: undefined }, { a: 1 }, []],
    ['false and absent', { a: false }, {}, ['a']],
    ['an empty text and absent', { a: '' }, {}, ['a']],
  ];
  it.each(cases)('%s', (_, wanted, live, paths) => {
    expect(differing(wanted, live, '')).toEqual(paths);
  });
});

const wanted: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', namespace: 'n' },
  data: { a: '1' },
};
const other: Manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: {} };
const resource = manifest(wanted);
const [step] = resource.steps(null);
const sent = JSON.parse(step !== undefined && 'gather' in step ? step.item : '{}') as Manifest;

/** The batch as a whole: what kubectl printed for both objects, read by the first. */
function answered(output: string) {
  const { batch, ask, parse } = resource.question;
  const asks = [manifest(other).question.ask, ask];
  return parse(batch.answers(output, asks)[1] ?? null);
}
const list = (...items: object[]): string => `${JSON.stringify({ kind: 'List', items })}\nanswered\n`;

describe('the question about API objects', () => {
  const { applied } = resource.desired ?? {};
  const cases: [string, string, unknown][] = [
    ['as applied', list(other, sent), { applied, drift: '' }],
    ['a single object is no list', `${JSON.stringify(sent)}\nanswered\n`, { applied, drift: '' }],
    ['changed by hand', list({ ...sent, data: { a: '2' } }), { applied, drift: 'data.a' }],
    ['made by others', list(wanted), { applied: '', drift: '' }],
    ['only one of that name elsewhere', list(other), null],
    ['none', 'answered\n', null],
    ['the API does not answer', '', unknown],
    ['the API broke off', '{"kind": "List", "items": [', unknown],
  ];
  it.each(cases)('%s', (_, output, expected) => {
    expect(answered(output)).toEqual(expected);
  });

  it('notices a field that is no longer wanted by the digest of what was applied', () => {
    const before = manifest({ ...wanted, data: { a: '1', b: '2' } });
    expect(before.desired?.['applied']).not.toBe(applied);
    const live = { ...sent, data: { a: '1', b: '2' } };
    expect(answered(list(live))).toEqual({ applied, drift: '' });
  });
});
