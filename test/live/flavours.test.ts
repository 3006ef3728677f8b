import { describe, expect, it } from 'vitest';
import { allCells, RANGE } from '../matrix/support/cells.ts';
import { line } from '../matrix/support/report.ts';
import { runCell } from '../matrix/support/run-cell.ts';
import { makeLab } from './support/lab.ts';

/** The fast selection of the matrix: each way to a control plane that the other live tests do not go. */
const chosen = ['scratch-static-pods/1+2/flannel-kubernetes', 'kubeadm/1+2/host-gw'];

describe('the other flavours', () => {
  const lab = makeLab('hwt-matrix', RANGE);

  it.each(chosen)('%s', async (name) => {
    const cell = allCells.find((one) => one.name === name)!;
    const outcome = await runCell(lab, cell, allCells.indexOf(cell));
    console.log(line(outcome));
    expect(outcome.failed).toBeNull();
  });
});
