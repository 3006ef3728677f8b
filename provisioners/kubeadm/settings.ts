import type { Resource } from '../../src/engine/resource.ts';
import { type Manifest, manifest } from '../resources/manifest.ts';
import type { Scope } from '../scope.ts';
import { yaml } from '../yaml.ts';
import { clusterConfiguration } from './configuration.ts';
import { sharedKubeletSettings } from './kubelet-settings.ts';

/** What every later kubeadm reads: who joins, and who changes something. */
export const settings = (scope: Scope): Resource[] => [
  manifest(configMap('kubeadm-config', 'ClusterConfiguration', clusterConfiguration(scope)), {
    why: 'The description of the cluster as kubeadm reads it.',
  }),
  manifest(configMap('kubelet-config', 'kubelet', sharedKubeletSettings(scope.cluster)), {
    why: 'What every kubelet is told; the patches on each machine come on top.',
  }),
];

const configMap = (name: string, key: string, value: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data: { [key]: yaml(value) },
});
