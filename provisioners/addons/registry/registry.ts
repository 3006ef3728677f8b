import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import { yaml } from '../../yaml.ts';
import type { Addon, AddonScope } from '../addon.ts';
import {
  anywhere,
  asUser,
  certificateSecret,
  confined,
  hostnames,
  imageOf,
  mark,
  namespaceOf,
  serviceAccount,
} from '../parts.ts';
import { STORE, storeFolder, trustEntry, USER } from './machines.ts';
import { registryHost, registrySettings } from './settings.ts';

const name = 'registry';
const namespace = 'registry';
const labels = { app: name };
const core = { apiVersion: 'v1' };

/**
 * A registry on one machine, over TLS with the cluster's own authority on both sides: who shows no certificate that
 * this authority signed (a node's kubelet, the operator, a user) neither pulls nor pushes.
 */
export const registry: Addon = {
  describe: 'a registry for images of your own, which every node trusts',
  images: ['image:registry'],
  objects,
  health: (cluster: Cluster) => [rolledOut(cluster, namespace, name)],
  onMachines: ({ cluster, node }) => [
    trustEntry(registryHost(cluster)),
    ...(node.name === registrySettings(cluster).node ? [storeFolder] : []),
  ],
};

function objects({ cluster, artefacts, pki }: AddonScope): Manifest[] {
  const { node, port } = registrySettings(cluster);
  const leaf = pki.leaf('addons/registry');
  // What a volume is can never be changed: another machine has another volume.
  const volume = `registry-${node}`;
  const annotations = { 'hardway.dev/certificate': mark(leaf.certificate) };
  return [
    ...namespaceOf(namespace, 'restricted'),
    { ...serviceAccount(name, namespace), automountServiceAccountToken: false },
    certificateSecret('serving', namespace, leaf),
    {
      ...{ ...core, kind: 'ConfigMap', metadata: { name, namespace } },
      data: { 'config.yml': configuration },
    },
    persistentVolume(volume, node),
    {
      ...{ ...core, kind: 'PersistentVolumeClaim', metadata: { name: volume, namespace } },
      spec: { ...sized('requests'), volumeName: volume },
    },
    {
      ...{ ...core, kind: 'Service', metadata: { name, namespace, labels } },
      spec: {
        // Only the machine that has it answers, and it learns who asks.
        ...{ type: 'NodePort', externalTrafficPolicy: 'Local', selector: labels },
        ports: [{ name: 'https', port: 443, targetPort: 'https', nodePort: port }],
      },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels } },
      spec: {
        replicas: 1,
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: { metadata: { labels, annotations }, spec: podSpec(imageOf(artefacts, name), volume) },
      },
    },
  ];
}

/** A folder has no size; a claim must name one. */
const sized = (field: 'capacity' | 'requests'): object => ({
  accessModes: ['ReadWriteOnce'],
  storageClassName: '',
  ...(field === 'capacity'
    ? { capacity: { storage: '1Gi' } }
    : { resources: { requests: { storage: '1Gi' } } }),
});

const persistentVolume = (volume: string, node: string): Manifest => ({
  ...{ ...core, kind: 'PersistentVolume', metadata: { name: volume } },
  spec: {
    ...sized('capacity'),
    persistentVolumeReclaimPolicy: 'Retain',
    claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: volume, namespace },
    local: { path: STORE },
    nodeAffinity: { required: { nodeSelectorTerms: hostnames([node]) } },
  },
});

const configuration = yaml({
  version: '0.1',
  log: { level: 'info', accesslog: { disabled: true } },
  storage: { filesystem: { rootdirectory: STORE }, delete: { enabled: true } },
  http: {
    addr: ':5000',
    tls: {
      ...{ certificate: '/serving/tls.crt', key: '/serving/tls.key', minimumtls: 'tls1.2' },
      ...{ clientcas: ['/authority/ca.crt'], clientauth: 'require-and-verify-client-cert' },
    },
  },
});

const podSpec = (image: string, claim: string): object => ({
  ...{ serviceAccountName: name, automountServiceAccountToken: false, tolerations: anywhere },
  securityContext: { ...asUser(USER), fsGroup: USER, fsGroupChangePolicy: 'OnRootMismatch' },
  containers: [
    {
      ...{ name, image, imagePullPolicy: 'IfNotPresent', args: ['serve', '/configuration/config.yml'] },
      // Unless told otherwise it sends traces to a collector that is not there.
      env: [{ name: 'OTEL_TRACES_EXPORTER', value: 'none' }],
      ports: [{ name: 'https', containerPort: 5000 }],
      resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '512Mi' } },
      securityContext: confined(),
      // A probe of the kubelet's shows no certificate.
      readinessProbe: { tcpSocket: { port: 'https' }, periodSeconds: 2 },
      livenessProbe: { tcpSocket: { port: 'https' }, periodSeconds: 10 },
      volumeMounts: [
        { name: 'store', mountPath: STORE },
        { name: 'configuration', mountPath: '/configuration', readOnly: true },
        { name: 'serving', mountPath: '/serving', readOnly: true },
        { name: 'authority', mountPath: '/authority', readOnly: true },
      ],
    },
  ],
  volumes: [
    { name: 'store', persistentVolumeClaim: { claimName: claim } },
    { name: 'configuration', configMap: { name } },
    { name: 'serving', secret: { secretName: 'serving', defaultMode: 0o440 } },
    { name: 'authority', configMap: { name: 'kube-root-ca.crt' } },
  ],
});
