import type { Cluster } from '../../../src/cluster/model.ts';
import { workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { clusterRights, confined, imageOf, namespaceOf, rights, serviceAccount } from '../parts.ts';
import { HEALTH } from './ports.ts';

const name = 'network-policy';
const namespace = name;
const labels = { app: name };

/** flannel and routes carry every packet; this agent drops on each node what a NetworkPolicy forbids. */
export const networkPolicy: Addon = {
  describe: 'makes NetworkPolicies hold, which flannel by itself does not',
  images: ['image:network-policy'],
  objects,
  health: (cluster: Cluster) => [workloadReady(cluster, 'DaemonSet', namespace, name)],
};

function objects({ artefacts }: AddonScope): Manifest[] {
  return [
    // It sets the machines' own packet filter.
    ...namespaceOf(namespace, 'privileged'),
    serviceAccount(name, namespace),
    ...clusterRights('hardway:network-policy', name, namespace, [
      { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
    ]),
    // When it ends: whether another one comes, or the rules are to go.
    ...rights(name, name, namespace, [
      { apiGroups: ['apps'], resources: ['daemonsets'], resourceNames: [name], verbs: ['get'] },
    ]),
    {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace, labels } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(imageOf(artefacts, name)) },
      },
    },
  ];
}

const podSpec = (image: string): object => ({
  ...{ serviceAccountName: name, hostNetwork: true, priorityClassName: 'system-node-critical' },
  tolerations: [{ operator: 'Exists' }],
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      ...{ name, image, imagePullPolicy: 'IfNotPresent' },
      env: [
        { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'NAMESPACE', value: namespace },
        { name: 'DAEMONSET', value: name },
        { name: 'HEALTH_ADDRESS', value: `127.0.0.1:${HEALTH}` },
      ],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '256Mi' } },
      securityContext: confined('NET_ADMIN'),
      readinessProbe: { httpGet: { host: '127.0.0.1', port: HEALTH, path: '/' }, periodSeconds: 2 },
      volumeMounts: [{ name: 'nri', mountPath: '/var/run/nri' }],
    },
  ],
  // containerd's socket for plug-ins, which tells when a pod is about to start. Who has it may do all on the machine.
  volumes: [{ name: 'nri', hostPath: { path: '/var/run/nri', type: 'DirectoryOrCreate' } }],
});
