import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Line } from '../../src/cli/overview.ts';
import { ranked } from '../../src/cli/overview.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const line = (id: string, is: Line['is'], ...needs: string[]): Line => ({
  ...{ id, group: 'things', what: id, is, found: `${id} is ${is}`, remedy: `mend ${id}`, needs },
});
const showing = (...lines: Line[]) => ({
  ...work.product,
  overview: async () => ({ nodes: [], lines, sums: {} }),
});
// Nobody has told where its machine is: nothing is connected to.
const file = join(work.folder, 'far.json');
writeFileSync(file, JSON.stringify({ nodes: [{ name: 'master', roles: ['etcd', 'master'] }] }));

describe('what follows from what', () => {
  const table: [what: string, lines: Line[], expected: string[]][] = [
    ['what is well needs no cause', [line('a', 'wrong'), line('b', 'well', 'a')], ['wrong', 'well']],
    [
      'the first cause',
      [line('a', 'wrong'), line('b', 'wrong', 'a'), line('c', 'unknown', 'b')],
      ['wrong', 'follows a', 'follows a'],
    ],
    [
      'several that may be',
      [line('a', 'well'), line('b', 'wrong'), line('c', 'wrong', 'a', 'b')],
      ['well', 'wrong', 'follows b'],
    ],
    [
      'what cannot be asked is no cause',
      [line('a', 'unknown'), line('b', 'wrong', 'a')],
      ['unknown', 'wrong'],
    ],
    ['a need that nobody looked at', [line('b', 'wrong', 'a')], ['wrong']],
    ['a circle ends', [line('a', 'wrong', 'b'), line('b', 'wrong', 'a')], ['wrong', 'follows a']],
  ];
  it.each(table)('%s', (_, lines, expected) => {
    expect(ranked(lines).map(({ is, from }) => `${is}${from === undefined ? '' : ` ${from}`}`)).toEqual(
      expected,
    );
  });
});

describe('hardway status', () => {
  const status = (lines: Line[], ...words: string[]) =>
    runMain(showing(...lines), ['status', '--file', file, ...words]);

  it('ends with 0 when all is well, and when something could only not be asked', async () => {
    const { code, out } = await status([line('a', 'well'), line('b', 'unknown')]);
    expect([code, out]).toEqual([0, expect.stringMatching(/\nall is well\n$/)]);
  });

  it('ends with 1, the cause once, its remedy, and how much follows', async () => {
    const { code, out } = await status([line('a', 'wrong'), line('b', 'wrong', 'a')]);
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(/\n✗ a: a is wrong\n {4}from it follows: 1 line \(things\)\n {2}→ mend a\n$/),
    ]);
  });

  it('tells programs the same', async () => {
    const { code, out } = await status([line('a', 'wrong'), line('b', 'wrong', 'a')], '--json');
    const { lines, problems } = JSON.parse(out) as { lines: object[]; problems: string[] };
    expect([code, problems]).toEqual([1, ['a: a is wrong']]);
    expect(lines[1]).toMatchObject({ id: 'b', is: 'follows', from: 'a' });
  });

  it.each(['x', '0', '-1'])('refuses to watch each %s seconds', async (seconds) => {
    const { code, err } = await status([], `--watch=${seconds}`);
    expect([code, err]).toEqual([1, expect.stringContaining('✗ --watch takes a number of seconds')]);
  });
});
