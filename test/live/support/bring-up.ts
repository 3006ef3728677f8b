import { afterAll, beforeAll, expect } from 'vitest';
import type { Told } from './command.ts';
import type { Lab } from './lab.ts';

/** What a user does: one command. Quick when the lab is there. */
export async function bringUp(lab: Lab): Promise<Told> {
  const told = await lab.npm('run', 'lab');
  if (told.code !== 0) throw new Error(`npm run lab: exit ${told.code}\n${told.output.slice(-6000)}`);
  return told;
}

export async function destroy(lab: Lab): Promise<void> {
  const gone = await lab.npm('run', 'lab', '--', '--destroy');
  expect(gone.code, gone.output).toBe(0);
}

/** For the tests around it: described and brought up before them, destroyed after them. */
export function standing(lab: Lab, describe: () => void = () => undefined): void {
  beforeAll(async () => {
    describe();
    await bringUp(lab);
  });
  afterAll(() => destroy(lab));
}
