import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { provideArtefacts } from '../artefacts/artefacts.ts';
import type { Box } from '../box/box.ts';
import { buildBox } from '../box/build.ts';
import { recipeFor } from '../box/recipe.ts';
import type { Cluster } from '../cluster/model.ts';
import type { Report } from '../report/event.ts';
import { openState } from '../state/directory.ts';
import { type Machine, readInventory, removeMachine } from '../state/inventory.ts';
import { allContainers, markedContainers, removeContainer, runningContainers } from './containers.ts';
import { prepareHost } from './host.ts';
import { clearWay } from './leftovers.ts';
import { containerName, groupName } from './names.ts';
import { raiseLimits } from './limits.ts';
import { healNetwork, removeNetwork } from './network.ts';
import { orphans, ownMachines } from './machines.ts';
import { keysOf, knownContainer, registerBox, vagrant } from './vagrant.ts';

export interface Lab {
  readonly cluster: Cluster;
  /** Folder of Vagrantfile, cluster.json and .hardway. */
  readonly dir: string;
  readonly report: Report;
}

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
  const { cluster, dir, report } = lab;
  await prepareHost(cluster, report);
  const meanwhile = lab.meanwhile();
  meanwhile.catch(() => undefined); // told below
  await healNetwork(cluster, dir);
  await raiseLimits(report);
  if (!(await allUp(lab))) {
    await registerBox(await labBox(cluster, report), report);
    await clearWay(cluster, dir, report);
    // The provisioner would converge once per machine; once for all is quicker.
    await vagrant(['up', '--provider=lxc', '--parallel', '--no-provision'], dir, report);
  }
  await meanwhile;
  const code = await lab.converge(endpoints(cluster, dir));
  if (code === 0) await destroyOrphans(lab);
  return code;
}

/** What has left the cluster and is only a machine now. */
async function destroyOrphans({ cluster, dir, report }: Lab): Promise<void> {
  const known = new Set((await readInventory(openState(join(dir, '.hardway')))).map(({ name }) => name));
  const gone = orphans(cluster, dir).filter((name) => !known.has(name));
  if (gone.length > 0) await vagrant(['destroy', '--force', ...gone], dir, report);
}

/** The box for this cluster, with its artefacts; made now when the cache lacks it. */
export async function labBox(cluster: Cluster, report: Report, force = false): Promise<Box> {
  const { box: form, source } = cluster.artefacts;
  const recipe = recipeFor(cluster);
  if (form === 'bare') return buildBox({ recipe, form, provider: 'lxc', report, force });
  const artefacts = await provideArtefacts({ source, report });
  return buildBox({ recipe, form, artefacts, provider: 'lxc', report, force });
}

/**
 * Removes the machines, their bridge and this cluster's state; caches stay. Works without Vagrant's memory of the
 * machines too, and only on containers that were made from this folder.
 */
export async function labDestroy({ cluster, dir, report }: Lab): Promise<void> {
  const group = groupName(cluster.name, dir);
  // The cluster goes as a whole: nobody has to leave it in good order.
  const state = openState(join(dir, '.hardway'));
  for (const { name } of await readInventory(state)) await removeMachine(state, name);
  const known = ownMachines(cluster).some(({ name }) => knownContainer(dir, name) !== undefined);
  if (known) await vagrant(['destroy', '--force', '--parallel'], dir, report);
  const there = new Set(await allContainers());
  for (const name of (await markedContainers(group)).filter((one) => there.has(one))) {
    report({ type: 'note', text: `removing the container ${name}, which Vagrant has forgotten` });
    await removeContainer(name);
  }
  await removeNetwork(cluster);
  await rm(join(dir, '.hardway'), { recursive: true, force: true });
}

/** Where each machine of Vagrant's is reached: under LXC always its address on the cluster network. */
export function endpoints(cluster: Cluster, dir: string): readonly Machine[] {
  return ownMachines(cluster).map(({ name, address }) => ({
    name,
    host: address,
    port: 22,
    user: 'vagrant',
    keys: keysOf(dir, name),
    provider: 'lxc',
  }));
}

async function allUp({ cluster, dir }: Lab): Promise<boolean> {
  const running = new Set(await runningContainers());
  return ownMachines(cluster).every(({ name }) => {
    const container = containerName(cluster.name, name);
    return running.has(container) && knownContainer(dir, name) === container;
  });
}
