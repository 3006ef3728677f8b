import type { Told } from './command.ts';
import type { Lab } from './lab.ts';

/** What a user does: one command. Quick when the lab is there. */
export async function bringUp(lab: Lab): Promise<Told> {
  const told = await lab.npm('run', 'lab');
  if (told.code !== 0) throw new Error(`npm run lab: exit ${told.code}\n${told.output.slice(-6000)}`);
  return told;
}
