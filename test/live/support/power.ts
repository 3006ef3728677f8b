import { expect } from 'vitest';
import { command } from './command.ts';
import type { Lab } from './lab.ts';
import { until } from './waiting.ts';

async function lxc(lab: Lab, program: string, machine: string, ...args: string[]): Promise<void> {
  const run = await command(program, [...args, '-n', `${machine}.${lab.name}`], { cwd: lab.folder });
  expect(run.code, run.output).toBe(0);
}

/** As when somebody pulls the plug. */
export async function powerOff(lab: Lab, ...machines: readonly string[]): Promise<void> {
  await Promise.all(machines.map((machine) => lxc(lab, 'lxc-stop', machine, '--kill')));
}

export async function powerOn(lab: Lab, ...machines: readonly string[]): Promise<void> {
  await Promise.all(machines.map((machine) => lxc(lab, 'lxc-start', machine)));
}

const bootTime = async (lab: Lab, machine: string): Promise<string> =>
  (await lab.on(machine, 'stat -c %Y /proc/1')).stdout.trim();

/** Restarts machines in good order; seconds until all answer again. systemd kills pods that know no end after 90 s. */
export async function reboot(lab: Lab, ...machines: readonly string[]): Promise<number> {
  const waits = machines.map(async (machine) => {
    const before = await bootTime(lab, machine);
    await lab.on(machine, 'systemd-run --quiet --on-active=1 systemctl reboot');
    return until(async () => {
      const now = await bootTime(lab, machine);
      return /^\d+$/.test(now) && now !== before;
    }, 180);
  });
  return Math.max(...(await Promise.all(waits)));
}

/** Seconds until `hardway status` is well, with no run in between; then a plan must find nothing to do. */
export async function wellAgain(lab: Lab, limit: number): Promise<number> {
  const seconds = await until(async () => {
    const status = await lab.hardway('status');
    if (status.code !== 0) throw new Error(status.output);
    return true;
  }, limit);
  const plan = await lab.hardway('plan');
  expect(plan.code, plan.output).toBe(0);
  return seconds;
}
