import { expect } from 'vitest';
import { bringUp } from '../../live/support/bring-up.ts';
import { members } from '../../live/support/etcd.ts';
import type { Lab } from '../../live/support/lab.ts';
import { powerOff } from '../../live/support/power.ts';

/** Most members are gone; one goes on with what it has, and they join it again when they are back. */
export async function goesOnAlone(lab: Lab, survivor: string, lost: readonly string[]): Promise<void> {
  await powerOff(lab, ...lost);
  const asked = await lab.hardway('recover');
  expect([asked.code, asked.output]).toEqual([1, expect.stringContaining(`${survivor} would go on alone`)]);
  expect(asked.output).toMatch(/Lost is what/);
  const recovered = await lab.hardway('recover', '--yes');
  expect(recovered.code, recovered.output).toBe(3);
  expect(await members(lab, survivor)).toEqual([`${survivor} votes`]);
  await bringUp(lab);
  expect(await members(lab, survivor)).toEqual([survivor, ...lost].sort().map((name) => `${name} votes`));
}
