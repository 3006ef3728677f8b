import { describe, expect, it } from 'vitest';
import { differences } from '../../src/engine/difference.ts';
import type { State } from '../../src/engine/resource.ts';
import { fact } from './mini.ts';
import { sh } from '../../src/connection/quote.ts';

const compared = (desired: State | null, now: State | null, secret = false): string[] =>
  differences({ ...fact('x', sh`true`, ''), desired, secret }, now).map(
    ({ key, now: is, wanted }) => `${key}: ${String(is)} → ${String(wanted)}`,
  );

describe('differences', () => {
  const cases: [string, State | null, State | null, string[]][] = [
    ['the same', { a: 1, b: true }, { a: 1, b: true }, []],
    ['keys that nobody asked for', { a: 1 }, { a: 1, b: 2 }, []],
    ['null is not compared', { a: null }, { a: 1 }, []],
    ['a key nobody told about', { a: 1 }, {}, ['a: null → 1']],
    ['sorted by key', { b: 1, a: 1 }, { b: 2, a: 2 }, ['a: 2 → 1', 'b: 2 → 1']],
    ['types count', { a: 1, b: true }, { a: '1', b: 'true' }, ['a: 1 → 1', 'b: true → true']],
    ['absent though wanted', { a: 1 }, null, ['present: false → true']],
    ['present though unwanted', null, { a: 1 }, ['present: true → false']],
    ['absent as wanted', null, null, []],
  ];
  it.each(cases)('%s', (_, desired, now, expected) => {
    expect(compared(desired, now)).toEqual(expected);
  });

  it('of a secret show no value but mode and owner', () => {
    expect(
      compared({ mode: '0600', owner: 'a', text: 'new' }, { mode: '0644', owner: 'b', text: 'old' }, true),
    ).toEqual(['mode: 0644 → 0600', 'owner: b → a', 'text: (secret) → (another secret)']);
    expect(compared({ text: 'new' }, {}, true)).toEqual(['text: null → (another secret)']);
  });
});
