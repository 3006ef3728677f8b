import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { MachineError } from '../src/errors.ts';
import { refuseLostDatabase } from './database.ts';
import type { Facts } from './facts.ts';
import { refuseNetwork } from './network-refusals.ts';
import { refuseTakenPorts } from './ports.ts';
import { refuseOtherRelease, refuseSkew } from './versions.ts';

/** What would go wrong later, or harm a standing cluster: said before anything is touched. */
export function refuseUnsafe(
  cluster: Cluster,
  artefacts: Artefacts,
  machines: ReadonlyMap<string, Facts>,
): void {
  refuseOtherRelease(cluster, artefacts);
  for (const node of cluster.nodes) {
    const facts = machines.get(node.name);
    if (facts === undefined) continue;
    refuseTakenPorts(cluster, node, facts.listeners);
    refuseSkew(node.name, facts.runs, artefacts);
    if (cluster.kubelet.failCgroupV1 && facts.cgroup === 1) {
      throw new MachineError(node.name, 'has cgroup v1, and kubelet.failCgroupV1 is true', {
        remedy: 'Boot it with systemd.unified_cgroup_hierarchy=1, or set kubelet.failCgroupV1 to false.',
      });
    }
  }
  refuseNetwork(cluster, machines);
  refuseLostDatabase(cluster, machines);
}
