import { describe, expect, it } from 'vitest';
import { interval, repeatedly } from '../../src/cli/repeatedly.ts';

describe('an interval', () => {
  it.each([
    ['30s', 30],
    ['5m', 300],
    ['2h', 7200],
    ['7d', 604_800],
  ])('%s', (text, seconds) => {
    expect(interval(text)).toBe(seconds);
  });

  it.each(['5', '0m', 'm', '-5m', '8d', '1y', '1.5h', '', true])('%s is none', (text) => {
    expect(() => interval(text)).toThrow(`--every ${text} is no interval`);
  });
});

it('rounds that fail are told, and the next one comes; a signal ends it', async () => {
  const rounds: boolean[] = [];
  const given = { file: 'cluster.json', set: [], json: false, quiet: false, verbose: false };
  const code = await repeatedly(0.01, given, async ({ quiet }) => {
    rounds.push(quiet);
    if (rounds.length === 1) throw new Error('not this time');
    if (rounds.length === 3) process.emit('SIGTERM');
  });
  expect([code, rounds]).toEqual([0, [true, true, true]]);
});
