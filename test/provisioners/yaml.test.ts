import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yaml } from '../../provisioners/yaml.ts';

/** What is no text when it stands bare, for one reader or another. */
const words = [
  ...['y', 'Y', 'n', 'N', 'yes', 'no', 'on', 'off', 'true', 'False', 'null', '~', ''],
  ...['0x10', '010', '0o17', '0b11', '1e3', '1_000', '1:20', '1.5', '-7', '+7', '.5', '.inf', '.nan', '12'],
  ...[
    '2026-11-21',
    '2026-11-21T06:00:00Z',
    '<<',
    '=',
    '- a',
    'a: b',
    '# a',
    ' a ',
    '%a',
    '@a',
    '`a',
    '*a',
    '&a',
    '!a',
  ],
  ...['a\nb\n', '日本', "it's", '"quoted"', '10.244.0.0/16', 'cluster.local', 'a#b', '[a', '{a'],
];

describe('YAML for Kubernetes', () => {
  it.each(words)('has %j as the text that it is, as value and as key', (word) => {
    for (const version of ['1.1', '1.2'] as const) {
      expect(parse(yaml({ value: word, list: [word] }), { version })).toEqual({ value: word, list: [word] });
      expect(Object.keys(parse(yaml({ [word]: 1 }), { version, schema: 'failsafe' }) as object)).toEqual([
        word,
      ]);
    }
  });

  // Go: strconv.ParseInt with base 0, and what sigs.k8s.io/yaml takes for a boolean.
  it.each(['0o17', '0b11', '0x1f', '1_000', 'y', 'n', 'on', 'off', 'yes', 'no'])('quotes %j', (word) => {
    expect(yaml({ a: word })).toBe(`a: "${word}"\n`);
  });

  it('leaves numbers, booleans and null what they are, and long lines whole', () => {
    const value = { a: 1, b: true, c: null, d: 1.5, e: [false], long: 'word '.repeat(60).trim() };
    expect(parse(yaml(value), { version: '1.1' })).toEqual(value);
    expect(yaml({ long: value.long })).toBe(`long: ${value.long}\n`);
  });
});
