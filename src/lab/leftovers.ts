import type { Cluster } from '../cluster/model.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { allContainers, markedContainers, neverStarted, removeContainer } from './containers.ts';
import { ownMachines } from './machines.ts';
import { containerName, groupName } from './names.ts';
import { knownContainer } from './vagrant.ts';

/**
 * Removes containers of ours that Vagrant does not know (a run was killed, or .vagrant is gone): it could not make
 * them again. One that belongs to another folder is never touched.
 */
export async function clearWay(cluster: Cluster, folder: string, report: Report): Promise<void> {
  const there = new Set(await allContainers());
  const ours = new Set(await markedContainers(groupName(cluster.name, folder)));
  for (const { name } of ownMachines(cluster)) {
    const container = containerName(cluster.name, name);
    if (!there.has(container) || knownContainer(folder, name) === container) continue;
    if (!ours.has(container) && !(await neverStarted(container))) throw foreign(container, cluster);
    report({ type: 'note', text: `removing the container ${container}, which Vagrant has forgotten` });
    await removeContainer(container);
  }
}

function foreign(container: string, cluster: Cluster): HardwayError {
  return new HardwayError(
    'LAB',
    `a container called ${container} exists, and it was not made from this folder`,
    {
      remedy: `Give this cluster another name than "${cluster.name}", or destroy the other lab where it was made.`,
    },
  );
}
