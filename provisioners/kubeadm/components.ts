import type { Cluster, KubeadmPatch } from '../../src/cluster/model.ts';
import { apiServerFollows } from '../control-plane/components.ts';
import type { Scope } from '../scope.ts';
import { clusterConfiguration } from './configuration.ts';
import { digest } from './kubelet-settings.ts';
import { hasStackedEtcd } from './topology.ts';

/** Static pods that kubeadm makes, and the phase of `kubeadm init` that makes each. */
export const PHASES = {
  'kube-apiserver': 'control-plane apiserver',
  'kube-controller-manager': 'control-plane controller-manager',
  'kube-scheduler': 'control-plane scheduler',
  etcd: 'etcd local',
} as const satisfies Partial<Record<KubeadmPatch['target'], string>>;

export type Component = keyof typeof PHASES;

/** In the order in which they are made again. */
export const components = (cluster: Cluster): Component[] => [
  ...(hasStackedEtcd(cluster) ? (['etcd'] as const) : []),
  ...(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const),
];

/** Of what this component is made from, and nothing else: another setting of another component leaves it alone. */
export function digestOf(scope: Scope, component: Component): string {
  const { clusterName, kubernetesVersion, networking, etcd, ...others } = clusterConfiguration(scope);
  const { apiServer, controllerManager, scheduler } = others;
  const { certSANs: _, ...server } = apiServer;
  const parts: Readonly<Record<Component, unknown>> = {
    'kube-apiserver': [networking, etcd, server, apiServerFollows(scope).map(({ sha256 }) => sha256)],
    'kube-controller-manager': [networking, clusterName, controllerManager],
    'kube-scheduler': scheduler,
    etcd,
  };
  const patches = scope.cluster.kubeadm.patches.filter(({ target }) => target === component);
  return digest([kubernetesVersion, parts[component], patches]);
}
