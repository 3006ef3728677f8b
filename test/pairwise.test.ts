import { describe, expect, it } from 'vitest';
import { allCells, chosenCells } from './matrix/support/cells.ts';
import { pairsIn, pairwise, type Row } from './matrix/support/pairwise.ts';

const product = (...columns: string[][]): Row[] =>
  columns.reduce<Row[]>(
    (rows, column) => rows.flatMap((row) => column.map((value) => [...row, value])),
    [[]],
  );
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);

describe('pairwise', () => {
  it.each([
    [[2, 2, 2], 4],
    [[3, 4, 4], 17],
    [[3, 3, 3, 3], 11],
    [[5], 0],
  ])('of %j values leaves no pair out, in at most %i rows', (sizes, most) => {
    const rows = product(...sizes.map(names));
    const chosen = pairwise(rows);
    expect(new Set(chosen.flatMap(pairsIn))).toEqual(new Set(rows.flatMap(pairsIn)));
    expect(chosen.length).toBeLessThanOrEqual(most);
    expect(chosen.every((row) => rows.includes(row))).toBe(true);
    expect(pairwise(rows)).toEqual(chosen);
  });

  it('takes only what is possible, and every pair that is', () => {
    const rows = product(names(3), names(4), names(4)).filter(([a, , c]) => !(a === 'v2' && c === 'v3'));
    const covered = pairwise(rows).flatMap(pairsIn);
    expect(new Set(covered)).toEqual(new Set(rows.flatMap(pairsIn)));
    expect(covered).not.toContain('0=v2 2=v3');
  });
});

describe('the matrix of clusters', () => {
  it('has every pair of flavour, machines and network that the description allows', () => {
    const pairs = ({ name }: { name: string }): string[] => pairsIn(name.split('/'));
    const possible = allCells.filter(({ impossible }) => impossible === '');
    expect(new Set(chosenCells.flatMap(pairs))).toEqual(new Set(possible.flatMap(pairs)));
    expect(chosenCells.length).toBeLessThan(possible.length / 2);
  });

  it('names why others are not possible', () => {
    for (const { impossible } of allCells.filter((cell) => cell.impossible !== ''))
      expect(impossible).toMatch(/^\S+: .{10,}/);
  });
});
