import { afterAll, describe, expect, it } from 'vitest';
import { makeLab } from '../live/support/lab.ts';
import { runCell } from './support/run-cell.ts';
import { allCells, chosenCells, RANGE } from './support/cells.ts';
import { line, type Outcome, publish } from './support/report.ts';

/** HARDWAY_CELLS: words; only cells that hold one of them are run, also some that are not in the table. */
const words = (process.env['HARDWAY_CELLS'] ?? '').split(/[\s,]+/).filter((word) => word !== '');
const cells =
  words.length === 0
    ? chosenCells
    : (words.some((word) => chosenCells.some(({ name }) => name.includes(word)))
        ? chosenCells
        : allCells
      ).filter(({ name }) => words.some((word) => name.includes(word)));

describe('the matrix', { timeout: 30 * 60_000 }, () => {
  const lab = makeLab('hwt-matrix', RANGE);
  const outcomes: Outcome[] = [];

  afterAll(() => console.log(`\n${publish(outcomes)}\n`));

  it('has something to run', () => {
    expect(cells.map(({ name }) => name)).not.toEqual([]);
  });

  it.each(cells.map((cell) => [cell.name, cell] as const))('%s', async (_, cell) => {
    const outcome = await runCell(lab, cell, allCells.indexOf(cell));
    outcomes.push(outcome);
    console.log(line(outcome));
    publish(outcomes);
    expect(outcome.failed).toBeNull();
  });
});
