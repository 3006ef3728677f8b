import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { conditionHolds } from '../health.ts';
import {
  anywhere,
  asUser,
  base64,
  certificateSecret,
  clusterBinding,
  clusterRights,
  confined,
  imageOf,
  mark,
  namespaceOf,
  serviceAccount,
} from '../parts.ts';

const name = 'metrics-server';
const namespace = name;
const labels = { 'k8s-app': name };
const core = { apiVersion: 'v1' };
const service = 'v1beta1.metrics.k8s.io';

/**
 * What `kubectl top` shows. Both ends are verified: the kubelets' certificates against the cluster's authority, and its
 * own, which is of this authority too, by the API server.
 */
export const metricsServer: Addon = {
  describe: 'CPU and memory of nodes and pods: kubectl top, autoscaling',
  images: ['image:metrics-server'],
  objects,
  health: (cluster: Cluster) => [
    rolledOut(cluster, namespace, name),
    conditionHolds(cluster, { kind: 'apiservice', name: service }, 'Available'),
  ],
};

function objects({ artefacts, pki }: AddonScope): Manifest[] {
  const leaf = pki.leaf('addons/metrics-server');
  return [
    ...namespaceOf(namespace, 'restricted'),
    serviceAccount(name, namespace),
    ...clusterRights(`system:${name}`, name, namespace, [
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
    ]),
    // Who asks for metrics is known to the API server; these let it be asked who that is, and what he may.
    clusterBinding(`${name}:system:auth-delegator`, 'system:auth-delegator', name, namespace),
    {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding' },
      metadata: { name: 'metrics-server-auth-reader', namespace: 'kube-system' },
      roleRef: {
        ...{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Role' },
        name: 'extension-apiserver-authentication-reader',
      },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    readers,
    certificateSecret('serving', namespace, leaf),
    {
      ...{ ...core, kind: 'Service', metadata: { name, namespace, labels } },
      spec: { selector: labels, ports: [{ name: 'https', port: 443, targetPort: 'https' }] },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels } },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels, annotations: { 'hardway.dev/certificate': mark(leaf.certificate) } },
          spec: podSpec(imageOf(artefacts, name)),
        },
      },
    },
    {
      ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: service } },
      spec: {
        ...{ group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
        service: { name, namespace, port: 443 },
        caBundle: base64(pki.authority('ca').trustPem),
      },
    },
  ];
}

const readers: Manifest = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: {
    name: 'system:aggregated-metrics-reader',
    labels: Object.fromEntries(
      ['view', 'edit', 'admin'].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, 'true']),
    ),
  },
  rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
};

const podSpec = (image: string): object => ({
  serviceAccountName: name,
  priorityClassName: 'system-cluster-critical',
  tolerations: anywhere,
  securityContext: { ...asUser(65_534), fsGroup: 65_534 },
  containers: [
    {
      ...{ name, image, imagePullPolicy: 'IfNotPresent' },
      args: [
        '--secure-port=10250',
        '--tls-cert-file=/serving/tls.crt',
        '--tls-private-key-file=/serving/tls.key',
        '--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
        '--kubelet-preferred-address-types=InternalIP',
        '--kubelet-use-node-status-port',
        '--metric-resolution=15s',
      ],
      ports: [{ name: 'https', containerPort: 10_250 }],
      resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
      securityContext: confined(),
      readinessProbe: { httpGet: { path: '/readyz', port: 'https', scheme: 'HTTPS' }, periodSeconds: 2 },
      livenessProbe: {
        ...{ httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' } },
        ...{ initialDelaySeconds: 30, periodSeconds: 10, failureThreshold: 3 },
      },
      volumeMounts: [{ name: 'serving', mountPath: '/serving', readOnly: true }],
    },
  ],
  volumes: [{ name: 'serving', secret: { secretName: 'serving', defaultMode: 0o440 } }],
});
