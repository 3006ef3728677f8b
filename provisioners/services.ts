import type { Node } from '../src/cluster/model.ts';
import { isEtcdOnly } from './scope.ts';

/** The units of ours that run on a machine of these roles; a cause before what depends on it. */
export const servicesOf = ({ roles }: Pick<Node, 'roles'>): string[] => [
  ...(roles.includes('etcd') ? ['etcd'] : []),
  ...(roles.includes('master') ? ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : []),
  ...(isEtcdOnly({ roles }) ? [] : ['containerd', 'flanneld', 'kubelet', 'kube-proxy']),
];
