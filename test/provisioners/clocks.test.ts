import { describe, expect, it } from 'vitest';
import { refuseClocks } from '../../provisioners/clocks.ts';

const here = Date.UTC(2026, 10, 21, 12) / 1000;
const hour = 3600;
const check = (...offsets: number[]): string => {
  try {
    refuseClocks(new Map(offsets.map((offset, i) => [`m${i}`, here + offset])), here);
    return 'fine';
  } catch (error) {
    return (error as Error).message;
  }
};
const machine = (name: string, says: string, median = '12:00:00'): string =>
  `${name}: its clock says 2026-11-21T${says}Z, the median is 2026-11-21T${median}Z`;

describe('clocks', () => {
  const cases: [string, number[], string][] = [
    ['none', [], 'fine'],
    ['alike', [0, -1, 1], 'fine'],
    ['at the limit', [30, 0, -30], 'fine'],
    ['one behind', [0, -31, 0], machine('m1', '11:59:29')],
    ['one ahead', [0, 0, hour], machine('m2', '13:00:00')],
    ['the only one', [hour], machine('m0', '13:00:00')],
    ['one of two', [-hour, 0], machine('m0', '11:00:00')],
    [
      'this computer',
      [hour, hour, hour + 2],
      "this computer's clock says 2026-11-21T12:00:00Z, the median of the machines is 2026-11-21T13:00:00Z",
    ],
    ['two of four', [hour, hour, 0, 0], machine('m0', '13:00:00')],
    ['all different', [-hour, hour, 2 * hour], machine('m0', '11:00:00')],
  ];
  it.each(cases)('%s', (_, offsets, expected) => {
    expect(check(...offsets)).toBe(expected);
  });
});
