import type { Cluster } from '../src/cluster/model.ts';
import type { Phase } from '../src/engine/phase.ts';
import { flannel, flannelOnNodes } from './phases/flannel.ts';
import { kubelet } from './phases/kubelet.ts';
import { proxy } from './phases/proxy.ts';
import { routes } from './phases/routes.ts';
import { hasEtcdStore, hasKubernetesStore, hasOwnRoutes } from './pod-network.ts';
import type { Scope } from './scope.ts';

/** The network that all nodes share, where it needs no Nodes; made while the API server starts. */
export const network = (cluster: Cluster, present: readonly string[]): Phase<Scope>[] =>
  hasEtcdStore(cluster) ? [flannel(cluster, present)] : hasOwnRoutes(cluster) ? [routes(cluster)] : [];

/** What makes a machine a node; masters are nodes too. */
export const node = (cluster: Cluster, present: readonly string[]): Phase<Scope>[] => [
  kubelet(cluster, present),
  ...(hasKubernetesStore(cluster) ? [flannelOnNodes(cluster, present)] : []),
  proxy(cluster),
];
