import type { Cluster } from '../src/cluster/model.ts';
import { MachineError } from '../src/errors.ts';
import type { Facts } from './facts.ts';
import { byRole } from './scope.ts';

/**
 * A database that nodes have joined through and that is not there any more (machine rebuilt, disk not mounted) is
 * never silently begun anew: everything that the cluster knew would be gone.
 */
export function refuseLostDatabase(cluster: Cluster, machines: ReadonlyMap<string, Facts>): void {
  const members = byRole(cluster, 'etcd').map(({ name }) => name);
  // A machine that leaves may be the one that still has it.
  const isEmpty =
    members.every((name) => machines.get(name)?.etcd.data === false) &&
    [...machines.values()].every(({ etcd }) => !etcd.data);
  const joined = cluster.nodes
    .map(({ name }) => name)
    .filter((name) => (machines.get(name)?.kubelet ?? '') !== '');
  if (!isEmpty || joined.length === 0) return;
  throw new MachineError(members.join(', '), 'its etcd database is gone, but the cluster was up already', {
    evidence: [
      `/var/lib/etcd holds no data; joined through it: ${joined.join(', ')}`,
      'an empty database would forget every object of the cluster; nothing was changed',
    ],
    remedy:
      'Put the data back (mount its disk, restore /var/lib/etcd). To begin anew on purpose: hardway down, then up.',
  });
}
