import type { Cluster } from '../cluster/model.ts';
import { healBridge, removeBridge } from './bridge.ts';
import { runningContainers } from './containers.ts';
import { attach } from './links.ts';
import { healLxcNet, lxcBridge, stopLxcNet } from './lxc-net.ts';
import { machinesView } from './machines.ts';

/**
 * Both bridges of the lab as they must be: looks at what really runs and repairs it. Quick when all is well.
 * Throws HardwayError, before changing anything, when the cluster's range is taken.
 */
export async function healNetwork(cluster: Cluster): Promise<void> {
  await healBridge(cluster);
  await healLxcNet();
  const { bridge, machines } = machinesView(cluster);
  for (const { nics } of machines) {
    for (const [number, { link }] of nics.entries()) await attach(link, number === 0 ? lxcBridge : bridge);
  }
}

/** After the last machine is gone. Debian's own bridge stays unless we started it and nobody else uses it. */
export async function removeNetwork(cluster: Cluster): Promise<void> {
  await removeBridge(cluster);
  if ((await runningContainers()).length === 0) await stopLxcNet();
}
