import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon } from '../addon.ts';
import { asUser, clusterBinding, confined, namespaceOf, serviceAccount } from '../parts.ts';

const name = 'headlamp';
const namespace = name;
const labels = { 'app.kubernetes.io/name': name };

/** Not in the artefact lock, for it is more than one program: the machines fetch it. */
const IMAGE = 'ghcr.io/headlamp-k8s/headlamp:v0.44.0';

/** For whom `hardway ui` asks the API server for a short-lived token. */
export const READER = 'reader';

/**
 * The page has no rights of its own: whoever logs in with a token sees what that token may see. The token that
 * `hardway ui` gives may look at everything but Secrets.
 */
export const headlamp: Addon = {
  describe: 'a page in the browser for looking at the cluster: hardway ui',
  images: [],
  objects,
  health: (cluster: Cluster) => [rolledOut(cluster, namespace, name)],
};

function objects(): Manifest[] {
  return [
    ...namespaceOf(namespace, 'restricted'),
    { ...serviceAccount(name, namespace), automountServiceAccountToken: false },
    { ...serviceAccount(READER, namespace), automountServiceAccountToken: false },
    clusterBinding('hardway:headlamp-reader', 'view', READER, namespace),
    {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' },
      metadata: { name: 'hardway:headlamp-nodes' },
      rules: [
        {
          ...{ apiGroups: [''], resources: ['nodes', 'persistentvolumes', 'namespaces'] },
          verbs: ['get', 'list', 'watch'],
        },
        {
          ...{ apiGroups: ['storage.k8s.io'], resources: ['storageclasses'] },
          verbs: ['get', 'list', 'watch'],
        },
        { apiGroups: ['metrics.k8s.io'], resources: ['nodes'], verbs: ['get', 'list'] },
      ],
    },
    clusterBinding('hardway:headlamp-nodes', 'hardway:headlamp-nodes', READER, namespace),
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels } },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 4466 }] },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels } },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec },
      },
    },
  ];
}

const podSpec = {
  serviceAccountName: name,
  // It finds the API server as pods do, and asks it with the token of whoever looks.
  automountServiceAccountToken: true,
  securityContext: asUser(100),
  containers: [
    {
      ...{ name, image: IMAGE, imagePullPolicy: 'IfNotPresent' },
      args: ['-in-cluster', '-in-cluster-context-name=main', '-plugins-dir=/headlamp/plugins'],
      ports: [{ name: 'http', containerPort: 4466 }],
      resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '256Mi' } },
      securityContext: confined(),
      readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
      livenessProbe: { httpGet: { path: '/', port: 'http' }, initialDelaySeconds: 30 },
      volumeMounts: [{ name: 'scratch', mountPath: '/tmp' }],
    },
  ],
  volumes: [{ name: 'scratch', emptyDir: {} }],
};
