import type { Cluster, Node } from '../src/cluster/model.ts';
import { BALANCER, hasBalancer, keepsAddress, KEEPER } from './endpoint.ts';
import { networkUnit } from './pod-network.ts';
import { isEtcdOnly, isNode } from './scope.ts';

/** The units of ours that run on a machine of these roles; a cause before what depends on it. */
export const servicesOf = (cluster: Cluster, { roles }: Pick<Node, 'roles'>): string[] => [
  ...(hasBalancer(cluster, { roles }) ? [BALANCER] : []),
  ...(roles.includes('etcd') ? ['etcd'] : []),
  ...(roles.includes('master') ? ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : []),
  ...(isEtcdOnly({ roles })
    ? []
    : ['containerd', networkUnit(cluster), kubeletUnit(cluster, { roles }), proxyUnit(cluster)].filter(
        (name) => name !== null,
      )),
  ...(keepsAddress(cluster, { roles }) ? [KEEPER] : []),
];

/** A master that is no node has one only for the pods of its control plane. */
const kubeletUnit = (cluster: Cluster, node: Pick<Node, 'roles'>): string | null =>
  isNode(cluster, node) || cluster.controlPlane.style === 'static-pods' ? 'kubelet' : null;

const proxyUnit = ({ network }: Cluster): string | null =>
  network.kubeProxy === 'disabled' ? null : 'kube-proxy';
