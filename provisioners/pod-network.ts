import type { Cluster, Node } from '../src/cluster/model.ts';
import { isEtcdOnly, isNode } from './scope.ts';

/** flannel's plan and subnets lie in etcd; otherwise, with flannel, on the Node objects. */
export const hasEtcdStore = ({ network }: Cluster): boolean =>
  network.cni === 'flannel' && network.flannel.store === 'etcd';

export const hasKubernetesStore = ({ network }: Cluster): boolean =>
  network.cni === 'flannel' && network.flannel.store === 'kubernetes';

/** No overlay: machines have routes to each other's pods. */
export const hasOwnRoutes = ({ network }: Cluster): boolean => network.cni === 'routes';

/** The plug-in runs in pods: nodes come first, and are Ready when it does its work. */
export const comesInPods = ({ network: { cni } }: Cluster): boolean => cni !== 'flannel' && cni !== 'routes';

/** The controller-manager gives each Node its pod subnet, when it registers. */
export const allocatesSubnets = (cluster: Cluster): boolean =>
  hasKubernetesStore(cluster) || comesInPods(cluster);

/** The unit of ours that connects pods; null: a plug-in that runs in pods does. */
export const networkUnit = ({ network: { cni } }: Cluster): string | null =>
  cni === 'flannel' ? 'flanneld' : cni === 'routes' ? 'hardway-routes' : null;

/** It has a part of the pods' range: flannel's daemon takes one wherever it runs, the others know Nodes only. */
export const hasSubnet = (cluster: Cluster, node: Pick<Node, 'roles'>): boolean =>
  hasEtcdStore(cluster) ? !isEtcdOnly(node) : isNode(cluster, node);

/** Every machine has a /24, whoever gives it out. */
export const SUBNET_BITS = 24;

/** The subnet of another machine's pods has an address of its own on this one's tunnel; without one it is the bridge there. */
export const hasTunnel = ({ network }: Cluster): boolean =>
  network.cni === 'flannel' && network.flannel.backend !== 'host-gw';

/** Machines have a route to each other's pods; WireGuard and plug-ins in pods keep them in another manner. */
export const hasRoutes = ({ network }: Cluster): boolean =>
  network.cni === 'routes' || (network.cni === 'flannel' && network.flannel.backend !== 'wireguard');
