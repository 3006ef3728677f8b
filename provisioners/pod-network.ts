import type { Cluster } from '../src/cluster/model.ts';

/** flannel's plan and subnets lie in etcd; otherwise, with flannel, on the Node objects. */
export const hasEtcdStore = ({ network }: Cluster): boolean =>
  network.cni === 'flannel' && network.flannel.store === 'etcd';

export const hasKubernetesStore = ({ network }: Cluster): boolean =>
  network.cni === 'flannel' && network.flannel.store === 'kubernetes';

/** The controller-manager gives each Node its pod subnet, when it registers. */
export const allocatesSubnets = (cluster: Cluster): boolean => hasKubernetesStore(cluster);

/** Every machine has a /24, whoever gives it out. */
export const SUBNET_BITS = 24;
