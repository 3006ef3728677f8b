import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openState } from '../state/directory.ts';
import { type Machine, readInventory, removeMachine } from '../state/inventory.ts';
import { prepareHost } from './host.ts';
import { type Lab, makerOf } from './maker.ts';

/**
 * From an empty Debian host to machines that answer, then lets `converge` finish; returns its exit code.
 * Whatever is there already is left alone: with everything up it costs a few questions.
 */
export async function labUp(
  lab: Lab & {
    /** Done while the machines start, but not before this host is found fit. */
    readonly meanwhile: () => Promise<void>;
    readonly converge: (machines: readonly Machine[]) => Promise<number>;
  },
): Promise<number> {
  const maker = await makerOf(lab.cluster);
  await prepareHost(lab.cluster, maker.packages, lab.report);
  const meanwhile = lab.meanwhile();
  meanwhile.catch(() => undefined); // told below
  await maker.start(lab);
  await meanwhile;
  const code = await lab.converge(maker.endpoints(lab));
  if (code === 0) await maker.destroyOrphans(lab, await knownMachines(lab));
  return code;
}

const knownMachines = async ({ dir }: Lab): Promise<ReadonlySet<string>> =>
  new Set((await readInventory(openState(join(dir, '.hardway')))).map(({ name }) => name));

/**
 * Removes the machines, their bridge and this cluster's state; caches stay. Only what was made from this folder.
 */
export async function labDestroy(lab: Lab): Promise<void> {
  // The cluster goes as a whole: nobody has to leave it in good order.
  const state = openState(join(lab.dir, '.hardway'));
  for (const { name } of await readInventory(state)) await removeMachine(state, name);
  await (await makerOf(lab.cluster)).destroy(lab);
  await rm(join(lab.dir, '.hardway'), { recursive: true, force: true });
}
