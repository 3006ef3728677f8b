import { beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { mainLab, machines } from './support/main-lab.ts';

const LIMIT = 120_000;

describe('after a reboot the cluster is back within two minutes, with no run in between', () => {
  const lab = mainLab();
  beforeAll(() => bringUp(lab));

  const bootTime = async (machine: string) => (await lab.on(machine, 'stat -c %Y /proc/1')).stdout.trim();

  it.each([[['minion-1']], [['minion-2']], [['master']], [[...machines]]])('%s', async (rebooted) => {
    const before = await Promise.all(rebooted.map(bootTime));
    await Promise.all(
      rebooted.map((machine) => lab.on(machine, 'systemd-run --quiet --on-active=1 systemctl reboot')),
    );
    const began = Date.now();
    for (;;) {
      const status = await lab.hardway('status');
      const now = await Promise.all(rebooted.map((machine) => bootTime(machine).catch(() => '')));
      const back = now.every((time, index) => time !== '' && time !== before[index]);
      if (status.code === 0 && back) break;
      expect(Date.now() - began, status.output).toBeLessThan(LIMIT);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
  });
});
