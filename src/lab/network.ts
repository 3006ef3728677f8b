import { setTimeout } from 'node:timers/promises';
import type { Cluster } from '../cluster/model.ts';
import { healBridge, removeBridge } from './bridge.ts';
import { forgetOldSettings } from './container-config.ts';
import { activeContainers, markedContainers } from './containers.ts';
import { attach, linkExists, linkNames, removeLink } from './links.ts';
import { healLxcNet, lxcBridge, stopLxcNet } from './lxc-net.ts';
import { machinesView, type MachineView } from './machines.ts';
import { BRIDGES } from './names.ts';
import { whileOthersWait } from './shared.ts';

/**
 * Both bridges of the lab as they must be: looks at what really runs and repairs it. Quick when all is well.
 * Throws HardwayError, before changing anything, when the cluster's range is taken.
 */
export async function healNetwork(cluster: Cluster, folder: string = process.cwd()): Promise<void> {
  await healBridges(cluster);
  const { bridge, group, machines } = machinesView(cluster, folder);
  await removeStaleLinks(machines);
  const ours = await markedContainers(group);
  for (const { container, nics } of machines) {
    if (ours.includes(container)) await forgetOldSettings(container, group);
    for (const [number, { link }] of nics.entries()) await attach(link, number === 0 ? lxcBridge : bridge);
  }
}

/** The cluster's own first: it says that machines are about to start, and so keeps Debian's. */
export const healBridges = (cluster: Cluster): Promise<void> =>
  whileOthersWait(async () => {
    await healBridge(cluster);
    await healLxcNet();
  });

/**
 * After the last machine is gone. Debian's own bridge stays unless we started it and nobody else uses it: another
 * cluster's bridge says that its machines may be about to start.
 */
export async function removeNetwork(cluster: Cluster): Promise<void> {
  await removeStaleLinks(machinesView(cluster).machines);
  await whileOthersWait(async () => {
    await removeBridge(cluster);
    if ((await activeContainers()).length === 0 && labBridges().length === 0) await stopLxcNet();
  });
}

const labBridges = (): readonly string[] => linkNames().filter((name) => name.startsWith(BRIDGES));

/**
 * When a machine is killed from outside, its network may live on without it for minutes: it answers for the
 * machine's address, and the machine cannot be started again.
 */
async function removeStaleLinks(machines: readonly MachineView[]): Promise<void> {
  if ((await staleLinks(machines)).length === 0) return;
  await setTimeout(500); // one that is just rebooting has its links back by then
  for (const link of await staleLinks(machines)) await removeLink(link);
}

async function staleLinks(machines: readonly MachineView[]): Promise<readonly string[]> {
  const present = machines.filter(({ nics }) => nics.some(({ link }) => linkExists(link)));
  if (present.length === 0) return [];
  const active = new Set(await activeContainers());
  return present
    .filter(({ container }) => !active.has(container))
    .flatMap(({ nics }) => nics.map(({ link }) => link).filter(linkExists));
}
