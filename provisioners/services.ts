import type { Cluster, Node } from '../src/cluster/model.ts';
import { BALANCER, hasBalancer, keepsAddress, KEEPER } from './endpoint.ts';
import { networkUnit } from './pod-network.ts';
import { isEtcdOnly } from './scope.ts';

/** The units of ours that run on a machine of these roles; a cause before what depends on it. */
export const servicesOf = (cluster: Cluster, { roles }: Pick<Node, 'roles'>): string[] => [
  ...(hasBalancer(cluster, { roles }) ? [BALANCER] : []),
  ...(roles.includes('etcd') ? ['etcd'] : []),
  ...(roles.includes('master') ? ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : []),
  ...(isEtcdOnly({ roles })
    ? []
    : ['containerd', networkUnit(cluster), 'kubelet', proxyUnit(cluster)].filter((name) => name !== null)),
  ...(keepsAddress(cluster, { roles }) ? [KEEPER] : []),
];

const proxyUnit = ({ network }: Cluster): string | null =>
  network.kubeProxy === 'disabled' ? null : 'kube-proxy';
