import type { Cluster } from '../../../src/cluster/model.ts';
import { workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon } from '../addon.ts';
import { clusterRights, namespaceOf, serviceAccount } from '../parts.ts';

const name = 'kube-network-policies';
const namespace = name;
const labels = { app: name };

/** Not in the artefact lock, for its sources cannot be had as a Go module: the machines fetch it. */
const IMAGE = 'registry.k8s.io/networking/kube-network-policies:v0.9.1';

/** flannel carries every packet; this agent of SIG Network drops on each node what a NetworkPolicy forbids. */
export const networkPolicy: Addon = {
  describe: 'makes NetworkPolicies hold, which flannel by itself does not',
  images: [],
  objects,
  health: (cluster: Cluster) => [workloadReady(cluster, 'DaemonSet', namespace, name)],
};

function objects(): Manifest[] {
  return [
    // It sets the machines' own packet filter.
    ...namespaceOf(namespace, 'privileged'),
    serviceAccount(name, namespace),
    ...clusterRights('hardway:kube-network-policies', name, namespace, [
      { apiGroups: [''], resources: ['pods', 'namespaces', 'nodes'], verbs: ['list', 'watch'] },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['list', 'watch'] },
    ]),
    {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace, labels } },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec },
      },
    },
  ];
}

const folder = (volume: string, path: string): object => ({ name: volume, hostPath: { path } });

const podSpec = {
  ...{ serviceAccountName: name, hostNetwork: true, priorityClassName: 'system-node-critical' },
  tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      ...{ name, image: IMAGE, imagePullPolicy: 'IfNotPresent' },
      args: [
        ...['/bin/netpol', '--hostname-override=$(MY_NODE_NAME)', '--v=2', '--nfqueue-id=98'],
        // Figures, which nobody here collects.
        '--metrics-bind-address=127.0.0.1:9080',
      ],
      env: [{ name: 'MY_NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      resources: { requests: { cpu: '50m', memory: '50Mi' }, limits: { memory: '256Mi' } },
      // To learn which address a new pod has before it speaks it looks into pods' network namespaces.
      securityContext: { privileged: true, readOnlyRootFilesystem: true },
      volumeMounts: [
        { name: 'nri', mountPath: '/var/run/nri' },
        { name: 'namespaces', mountPath: '/var/run/netns', mountPropagation: 'HostToContainer' },
      ],
    },
  ],
  volumes: [folder('nri', '/var/run/nri'), folder('namespaces', '/var/run/netns')],
};
