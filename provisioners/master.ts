import type { Cluster } from '../src/cluster/model.ts';
import type { Phase } from '../src/engine/phase.ts';
import { access } from './phases/access.ts';
import { apiServerPhase, controllersPhase } from './phases/control-plane.ts';
import { etcd } from './phases/etcd.ts';
import { etcdUsersPhase } from './phases/etcd-users.ts';
import { hardening } from './phases/hardening.ts';
import { hasEtcdStore } from './pod-network.ts';
import type { Scope } from './scope.ts';

/** The state of the cluster and the door to it. */
export const foundation = (cluster: Cluster): Phase<Scope>[] => [
  etcd(cluster),
  apiServerPhase(cluster),
  ...(hasEtcdStore(cluster) ? [] : [etcdUsersPhase(cluster)]),
];

/** What acts once the door is open. */
export const control = (cluster: Cluster, present: readonly string[]): Phase<Scope>[] => [
  controllersPhase(cluster),
  access(cluster, present),
  ...(cluster.security.profile === 'hardened' ? [hardening(cluster, present)] : []),
];
