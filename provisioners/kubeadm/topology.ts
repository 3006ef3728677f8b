import type { Cluster, Node } from '../../src/cluster/model.ts';
import { byRole, kubeNodes, namesOf, type Scope } from '../scope.ts';

/** kubeadm runs etcd itself, beside each API server; otherwise it is handed endpoints of members that are ours. */
export const hasStackedEtcd = ({ kubernetes, nodes }: Cluster): boolean =>
  kubernetes.flavour === 'kubeadm' &&
  nodes.every(({ roles }) => roles.includes('etcd') === roles.includes('master'));

/**
 * The master through which others join: the first that has joined itself. While nobody has, the first of cluster.json
 * makes the cluster; a cluster whose masters are away is never made again.
 */
export function speakerOf(
  { cluster, joining }: Pick<Scope, 'cluster' | 'joining'>,
  present: readonly string[],
): Node | undefined {
  const masters = byRole(cluster, 'master');
  const isStanding = (name: string): boolean => present.includes(name) && !joining.includes(name);
  const [standing] = masters.filter(({ name }) => isStanding(name));
  return standing ?? (namesOf(kubeNodes(cluster)).some(isStanding) ? undefined : masters[0]);
}

/** Somebody else has joined, so that the cluster was made: it is never made again, however silent its API. */
export const hasFollowers = (
  { cluster, node, joining }: Pick<Scope, 'cluster' | 'node' | 'joining'>,
  present: readonly string[],
): boolean =>
  namesOf(kubeNodes(cluster)).some(
    (name) => name !== node.name && present.includes(name) && !joining.includes(name),
  );
