import type { Cluster, Node } from '../../src/cluster/model.ts';
import { byRole, kubeNodes, namesOf, type Scope } from '../scope.ts';

/** kubeadm runs etcd itself, beside each API server; otherwise it is handed endpoints of members that are ours. */
export const hasStackedEtcd = ({ kubernetes, nodes }: Cluster): boolean =>
  kubernetes.flavour === 'kubeadm' &&
  nodes.every(({ roles }) => roles.includes('etcd') === roles.includes('master'));

/**
 * The master through which others join: the first that has joined itself, in the order given. While nobody has, the
 * first of cluster.json makes the cluster; a cluster whose masters are away is never made again.
 */
export function speakerOf(
  { cluster, joining }: Pick<Scope, 'cluster' | 'joining'>,
  present: readonly string[],
): Node | undefined {
  const masters = byRole(cluster, 'master');
  const standing = standingAmong(cluster, joining, present);
  const first = present.find((name) => standing.includes(name) && masters.some((one) => one.name === name));
  return masters.find(({ name }) => name === first) ?? (standing.length > 0 ? undefined : masters[0]);
}

/** Machines that are there and have joined. */
const standingAmong = (
  cluster: Cluster,
  joining: readonly string[],
  present: readonly string[],
): readonly string[] =>
  namesOf(kubeNodes(cluster)).filter((name) => present.includes(name) && !joining.includes(name));

/** Somebody else has joined, so that the cluster was made: it is never made again, however silent its API. */
export const hasFollowers = (
  { cluster, node, joining }: Pick<Scope, 'cluster' | 'node' | 'joining'>,
  present: readonly string[],
): boolean => standingAmong(cluster, joining, present).some((name) => name !== node.name);
