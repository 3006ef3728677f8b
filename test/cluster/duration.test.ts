import { expect, it } from 'vitest';
import { daysIn, isDuration, secondsIn } from '../../src/cluster/duration.ts';

it.each([
  ['10m', 600],
  ['2h', 7200],
  ['90d', 90 * 86_400],
  ['1y', 365 * 86_400],
])('%s', (duration, seconds) => {
  expect(secondsIn(duration)).toBe(seconds);
  expect(daysIn(duration)).toBe(seconds / 86_400);
  expect(isDuration(duration)).toBe(true);
});

it('nothing else is one', () => {
  for (const text of ['10', 'm', '1h0', '192.168.0.1', '1w']) expect(isDuration(text)).toBe(false);
});
