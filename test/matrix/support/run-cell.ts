import { join } from 'node:path';
import { loadCluster } from '../../../src/cluster/load.ts';
import type { Told } from '../../live/support/command.ts';
import type { Lab } from '../../live/support/lab.ts';
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
    'bring-up': async () => well(await lab.npm('run', 'lab')),
    verify: async () => well(await lab.hardway('verify')),
    'second run': async () => {
      const again = await lab.hardway('up');
      well(again);
      if (!again.output.includes('done: 0 changes')) throw new Error(again.output);
    },
    reboot: () => reboot(lab, rebooted),
    destroy: async () => well(await lab.npm('run', 'lab', '--', '--destroy')),
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

const bootTime = async (lab: Lab, machine: string): Promise<string> =>
  (await lab.on(machine, 'stat -c %Y /proc/1')).stdout.trim();

async function reboot(lab: Lab, machine: string): Promise<void> {
  const before = await bootTime(lab, machine);
  await lab.on(machine, 'systemd-run --quiet --on-active=1 systemctl reboot');
  const began = Date.now();
  for (;;) {
    const status = await lab.hardway('status');
    const now = await bootTime(lab, machine).catch(() => '');
    if (status.code === 0 && now !== '' && now !== before) break;
    if (Date.now() - began > BACK * 1000)
      throw new Error(`${machine} was not well ${BACK} s after its restart\n${status.output}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const plan = await lab.hardway('plan');
  if (plan.code !== 0)
    throw new Error(`after the restart of ${machine} there is something to do\n${plan.output}`);
}
