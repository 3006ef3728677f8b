import type { Manifest } from '../resources/manifest.ts';
import { imageFor } from './image.ts';
import { namespaceOf } from './site.ts';

export const NAMESPACE = 'hardway-verify';
export const PURPOSE = 'verify';

const restricted = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env?: readonly object[];
  readonly mount?: string;
  readonly ready?: string;
}

/**
 * A pod of the probe's image that may do nothing it has no need of, and ends at once when it is told to.
 * One without a grace period is gone from the API while it still runs: not so where it may write to a volume.
 */
export const podSpec = ({ image, args, env = [], mount, ready }: Container, more: object = {}): object => ({
  serviceAccountName: 'probe',
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: mount === undefined ? 0 : 1,
  securityContext: {
    ...{ runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534, fsGroup: 65534 },
    seccompProfile: { type: 'RuntimeDefault' },
  },
  containers: [
    {
      ...{ name: 'probe', image, imagePullPolicy: 'Never', args, securityContext: restricted },
      env: [field('POD', 'metadata.name'), field('NODE', 'spec.nodeName'), ...env],
      resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
      ...(mount === undefined ? {} : { volumeMounts: [{ name: 'data', mountPath: mount }] }),
      ...(ready === undefined
        ? {}
        : { readinessProbe: { httpGet: { path: ready, port: 8080 }, periodSeconds: 1 } }),
    },
  ],
  ...more,
});

export const account = (namespace: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'probe', namespace },
});

/** On every node a pod that is asked to ask, and one that only answers. */
const everywhere = (name: string): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    selector: { matchLabels: { probe: name } },
    template: {
      metadata: { labels: { probe: name } },
      spec: podSpec(
        { image: imageFor(PURPOSE), args: ['answer'] },
        { tolerations: [{ operator: 'Exists' }] },
      ),
    },
  },
});

/** Both Services lead to the pod on the same node only: what they prove has no need of the ways between nodes. */
const service = (name: string, spec: object): Manifest => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE },
  spec: { selector: { probe: 'answering' }, ports: [{ port: 8080 }], ...spec },
});

export const objects = (): Manifest[] => [
  namespaceOf(NAMESPACE, PURPOSE),
  account(NAMESPACE),
  everywhere('asking'),
  everywhere('answering'),
  service('inside', { internalTrafficPolicy: 'Local' }),
  service('outside', { type: 'NodePort', externalTrafficPolicy: 'Local' }),
];

/** What data outlives the pod that wrote it on: a claim of the default class. */
export const claim = (namespace: string, size: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
});

export const onVolume = { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] };

/** Runs once on the volume. */
export const once = (name: 'write' | 'read'): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: NAMESPACE },
  spec: podSpec(
    { image: imageFor(PURPOSE), args: [name, '/data/word'], mount: '/data' },
    { restartPolicy: 'Never', ...onVolume },
  ),
});
