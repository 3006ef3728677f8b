import { beforeAll, describe, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { mainLab, machines } from './support/main-lab.ts';
import { reboot, wellAgain } from './support/power.ts';

/** Seconds from the word to restart. */
const LIMIT = 120;

describe('after a reboot the cluster is back within two minutes, with no run in between', () => {
  const lab = mainLab();
  beforeAll(() => bringUp(lab));

  it.each([[['minion-1']], [['minion-2']], [['master']], [[...machines]]])('%s', async (rebooted) => {
    const booted = await reboot(lab, ...rebooted);
    await wellAgain(lab, LIMIT - booted);
  });
});
