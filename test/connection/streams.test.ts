import { describe, expect, it } from 'vitest';
import { gate } from '../../src/connection/gate.ts';
import { eachLine } from '../../src/connection/lines.ts';
import { tail } from '../../src/connection/tail.ts';

describe('a tail', () => {
  it('keeps everything below its limit', () => {
    const kept = tail(10);
    for (const piece of ['12345', '', '67890']) kept.add(Buffer.from(piece));
    expect(kept.text()).toBe('1234567890');
  });

  it('keeps the last bytes and says how many went', () => {
    const kept = tail(4);
    for (let i = 0; i < 10_000; i += 1) kept.add(Buffer.from('ab'));
    expect(kept.text()).toBe('[19996 bytes before this were dropped]\nabab');
  });
});

describe('each line', () => {
  it('is handed on whole, however it arrives', () => {
    for (const size of [1, 2, 3, 100]) {
      const seen: string[] = [];
      const split = eachLine((line) => seen.push(line), 5);
      const bytes = Buffer.from('ü\n\nabc\n1234567\nrest');
      for (let at = 0; at < bytes.length; at += size) split(bytes.subarray(at, at + size));
      expect(seen.join('|')).toBe('ü||abc|12345|67');
    }
  });
});

describe('a gate', () => {
  it('lets so many in, the others in order, and never grows wider', async () => {
    const narrow = gate(2);
    const order: number[] = [];
    const leave = await Promise.all([narrow.enter(), narrow.enter()]);
    const later = [1, 2].map((i) => narrow.enter().then((out) => (order.push(i), out)));
    narrow.narrow(1);
    narrow.narrow(5);
    leave[0]!();
    leave[0]!(); // twice counts once
    await Promise.resolve();
    expect([narrow.inside, order]).toEqual([1, []]);
    leave[1]!();
    (await later[0]!)();
    await later[1];
    expect([narrow.inside, order]).toEqual([1, [1, 2]]);
  });
});
