import { describe, expect, it } from 'vitest';
import {
  contains,
  nth,
  overlaps,
  parseRange,
  plus,
  size,
  span,
  withoutHostBits,
} from '../../src/cluster/ranges.ts';

describe('ranges', () => {
  it.each([
    ['10.96.0.0/16', 65536, '10.96.0.0 to 10.96.255.255'],
    ['192.168.56.7/24', 256, '192.168.56.0 to 192.168.56.255'],
    ['255.255.255.255/32', 1, '255.255.255.255 to 255.255.255.255'],
    ['0.0.0.0/0', 4294967296, '0.0.0.0 to 255.255.255.255'],
  ])('%s', (text, addresses, reach) => {
    expect(size(parseRange(text))).toBe(addresses);
    expect(span(parseRange(text))).toBe(`${text} (${reach})`);
  });

  it.each([
    ['10.96.0.0/12', '10.99.0.0/24', true],
    ['10.99.0.0/24', '10.96.0.0/12', true],
    ['10.0.0.0/24', '10.0.1.0/24', false],
    ['10.0.0.0/24', '10.0.0.255/32', true],
  ])('%s and %s overlap: %s', (one, other, answer) => {
    expect(overlaps(parseRange(one), parseRange(other))).toBe(answer);
  });

  it('count from their first address', () => {
    const range = parseRange('10.0.255.7/15');
    expect(withoutHostBits(range)).toBe('10.0.0.0/15');
    expect(nth(range, 10)).toBe('10.0.0.10');
    expect(nth(range, 65536)).toBe('10.1.0.0');
    expect(plus('10.0.0.255', 1)).toBe('10.0.1.0');
    expect([contains(range, '10.1.255.255'), contains(range, '10.2.0.0')]).toEqual([true, false]);
  });
});
