import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../cluster/model.ts';
import { HardwayError } from '../errors.ts';
import { openState } from '../state/directory.ts';
import { type Machine, readInventory, removeMachine } from '../state/inventory.ts';
import { prepareHost } from './host.ts';
import { orphans } from './machines.ts';
import { type Lab, type MachineMaker, makerOf } from './maker.ts';
import { madeMachines } from './qemu/qemu.ts';

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
  refuseAnothers(lab);
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

/** Two machines would have one address. */
function refuseAnothers(lab: Lab): void {
  const there = others(lab);
  if (there.length === 0) return;
  const [maker, remedy] =
    lab.cluster.provider === 'qemu' ? ['Vagrant', 'vagrant destroy'] : ['qemu', 'hardway down'];
  throw new HardwayError('LAB', `${there.join(', ')}: made from this folder by ${maker}, and still there`, {
    remedy: `Destroy them first: ${remedy}.`,
  });
}

/** Machines of this folder that cluster.json's provider has not made. */
const others = ({ cluster, dir }: Lab): readonly string[] =>
  cluster.provider === 'qemu' ? orphans(cluster, dir) : madeMachines(dir);

const otherMaker = ({ provider }: Cluster): Promise<MachineMaker> =>
  makerOf({ provider: provider === 'qemu' ? 'vagrant' : 'qemu' });

/**
 * Removes the machines, their bridge and this cluster's state; caches stay. Only what was made from this folder.
 */
export async function labDestroy(lab: Lab): Promise<void> {
  // The cluster goes as a whole: nobody has to leave it in good order.
  const state = openState(join(lab.dir, '.hardway'));
  for (const { name } of await readInventory(state)) await removeMachine(state, name);
  await (await makerOf(lab.cluster)).destroy(lab);
  if (others(lab).length > 0) await (await otherMaker(lab.cluster)).destroy(lab);
  await rm(join(lab.dir, '.hardway'), { recursive: true, force: true });
}
