import { describe, expect, it } from 'vitest';
import { frame, newMarkers } from '../../src/connection/frame.ts';

const markers = newMarkers();
const { begin, end } = markers;

function read(text: string, size: number) {
  const seen: Buffer[] = [];
  const one = frame(markers, (bytes) => seen.push(bytes));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) one.push(bytes.subarray(at, at + size));
  one.flush();
  return { text: Buffer.concat(seen).toString(), begun: one.begun, code: one.code };
}

describe('a frame', () => {
  const cases: [string, string, ReturnType<typeof read>][] = [
    ['only output', `${begin}out\n${end}0\n`, { text: 'out\n', begun: true, code: 0 }],
    ['noise around', `motd\n${begin}out${end}17\nlogout\n`, { text: 'out', begun: true, code: 17 }],
    ['no output', `${begin}${end}255\n`, { text: '', begun: true, code: 255 }],
    ['a cut stream', `${begin}out`, { text: 'out', begun: true, code: null }],
    [
      'a cut end marker',
      `${begin}out${end.slice(0, 20)}`,
      { text: `out${end.slice(0, 20)}`, begun: true, code: null },
    ],
    ['a cut code', `${begin}out${end}1`, { text: 'out', begun: true, code: null }],
    ['no beginning', `motd\n${begin.slice(0, 20)}`, { text: '', begun: false, code: null }],
    [
      'the markers of another run',
      `${begin}${newMarkers().end}0\n${end}1\n`,
      expect.objectContaining({ code: 1 }),
    ],
  ];
  it.each(cases)('reads %s, however it is cut into pieces', (_, text, expected) => {
    for (const size of [1, 2, 7, 1000]) expect(read(text, size)).toEqual(expected);
  });

  it('hands on at once what cannot be the end marker', () => {
    const seen: string[] = [];
    const one = frame(markers, (bytes) => seen.push(String(bytes)));
    one.push(Buffer.from(`${begin}50 %\n`));
    expect(seen).toEqual(['50 %\n']);
  });
});
