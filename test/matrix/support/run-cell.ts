import { join } from 'node:path';
import { loadCluster } from '../../../src/cluster/load.ts';
import { bringUp, destroy } from '../../live/support/bring-up.ts';
import type { Told } from '../../live/support/command.ts';
import type { Lab } from '../../live/support/lab.ts';
import { reboot, wellAgain } from '../../live/support/power.ts';
import type { Cell } from './cells.ts';
import { type Outcome, type Step, STEPS } from './report.ts';

/** Seconds until a restarted machine is well again. */
const BACK = 240;

/** From no machines to no machines. Which one is restarted follows from `number`: over all cells, all kinds are. */
export async function runCell(lab: Lab, cell: Cell, number: number): Promise<Outcome> {
  lab.edit(cell.describe);
  const names = loadCluster(join(lab.folder, 'cluster.json')).nodes.map(({ name }) => name);
  const rebooted = names[number % names.length] ?? '';
  const work: Readonly<Record<Step, () => Promise<void>>> = {
    'bring-up': async () => void (await bringUp(lab)),
    verify: async () => well(await lab.hardway('verify')),
    'second run': async () => {
      const again = await lab.hardway('up');
      well(again);
      if (!again.output.includes('done: 0 changes')) throw new Error(again.output);
    },
    reboot: async () => {
      await reboot(lab, rebooted);
      await wellAgain(lab, BACK);
    },
    destroy: () => destroy(lab),
  };
  const seconds = {} as Record<Step, number | undefined>;
  let failed: Outcome['failed'] = null;
  for (const step of STEPS) {
    // Whatever happened, nothing is left for the next cell.
    if (failed !== null && step !== 'destroy') continue;
    const began = Date.now();
    try {
      await work[step]();
    } catch (error) {
      failed ??= { step, reason: error instanceof Error ? error.message : String(error) };
    }
    seconds[step] = (Date.now() - began) / 1000;
  }
  return { cell: cell.name, seconds, failed, rebooted };
}

function well({ code, output }: Told): void {
  if (code !== 0) throw new Error(`exit ${code}\n${output.slice(-6000)}`);
}
