import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import { network } from '../minion.ts';
import { access } from '../phases/access.ts';
import { endpoint } from '../phases/endpoint.ts';
import { etcd, etcdMembers } from '../phases/etcd.ts';
import { etcdUsersPhase } from '../phases/etcd-users.ts';
import { flannelOnNodes } from '../phases/flannel.ts';
import { hardening } from '../phases/hardening.ts';
import { hasEtcdStore, hasKubernetesStore } from '../pod-network.ts';
import type { Parts } from '../recipe.ts';
import type { Scope } from '../scope.ts';
import { shared } from '../shared.ts';
import type { Standing } from '../standing.ts';
import { membersPhase } from './members.ts';
import { filesPhase, initPhase, joinPhase, settingsPhase } from './phases.ts';
import { proxyPhase } from './proxy.ts';
import { hasStackedEtcd } from './topology.ts';

/** The kubeadm flavour: its phases in their order, up to where both flavours are alike again. */
export const byKubeadm = (cluster: Cluster, present: readonly string[], standing: Standing): Parts => ({
  master: [
    ...shared(cluster),
    ...(hasStackedEtcd(cluster) ? membersPhase(cluster, standing) : database(cluster, present, standing)),
    ...network(cluster, present),
    filesPhase(cluster, present),
    initPhase(cluster, present),
    endpoint(cluster),
    access(cluster, present),
    ...(cluster.security.profile === 'hardened' ? [hardening(cluster, present)] : []),
  ],
  minion: [
    settingsPhase(cluster, present, standing),
    joinPhase(cluster, present),
    ...(hasKubernetesStore(cluster) ? [flannelOnNodes(cluster, present)] : []),
    proxyPhase(cluster, present),
  ],
});

/** Our own, where it is not kubeadm's. */
const database = (cluster: Cluster, present: readonly string[], { membership }: Standing): Phase<Scope>[] => [
  etcd(cluster, membership),
  etcdMembers(cluster, membership),
  ...(hasEtcdStore(cluster) ? [] : [etcdUsersPhase(cluster, present)]),
];
