import type { Cluster } from '../src/cluster/model.ts';
import type { Phase } from '../src/engine/phase.ts';
import { access } from './phases/access.ts';
import { apiServerPhase, controllersPhase, stylePhase } from './phases/control-plane.ts';
import { etcd, etcdMembers } from './phases/etcd.ts';
import { etcdUsersPhase } from './phases/etcd-users.ts';
import { hardening } from './phases/hardening.ts';
import { masterKubelets, noMasterKubelets } from './phases/kubelet.ts';
import { hasEtcdStore } from './pod-network.ts';
import type { Scope } from './scope.ts';
import type { Standing } from './standing.ts';

/** The state of the cluster and the door to it. Whoever runs the door comes before it, and goes after it. */
export const foundation = (
  cluster: Cluster,
  present: readonly string[],
  standing: Standing,
): Phase<Scope>[] => [
  etcd(cluster, standing.membership),
  etcdMembers(cluster, standing.membership),
  ...(runsPods(cluster) ? [masterKubelets(cluster)] : []),
  stylePhase(cluster, standing),
  apiServerPhase(cluster, standing),
  ...(runsPods(cluster) || cluster.controlPlane.registerNode ? [] : [noMasterKubelets(cluster)]),
  ...(hasEtcdStore(cluster) ? [] : [etcdUsersPhase(cluster, present)]),
];

const runsPods = ({ controlPlane }: Cluster): boolean => controlPlane.style === 'static-pods';

/** What acts once the door is open. */
export const control = (cluster: Cluster, present: readonly string[], standing: Standing): Phase<Scope>[] => [
  controllersPhase(cluster, standing),
  access(cluster, present),
  ...(cluster.security.profile === 'hardened' ? [hardening(cluster, present)] : []),
];
