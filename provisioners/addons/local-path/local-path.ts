import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import {
  anywhere,
  asUser,
  clusterRights,
  confined,
  imageOf,
  namespaceOf,
  rights,
  serviceAccount,
  settingsOf,
} from '../parts.ts';

interface Settings {
  /** Folder of every machine below which volumes are made. */
  readonly path: string;
}

export const usual: Settings = { path: '/opt/local-path-provisioner' };

const namespace = 'local-path-storage';
const name = 'local-path-provisioner';
const labels = { app: name };
/** Who the short-lived pods are that make and remove folders: nobody. */
const folders = 'folders';

/** Storage for claims, in folders of the node on which the pod that first uses a claim runs; the default class. */
export const localPath: Addon = {
  describe: 'storage for claims in folders of the nodes; the default class',
  images: ['image:local-path-provisioner', 'image:local-path-folder'],
  objects,
  health: (cluster: Cluster) => [rolledOut(cluster, namespace, name)],
};

function objects({ cluster, artefacts }: AddonScope): Manifest[] {
  const { path } = settingsOf(cluster, 'local-path', usual);
  return [
    ...namespaceOf(namespace, 'privileged'),
    serviceAccount(name, namespace),
    { ...serviceAccount(folders, namespace), automountServiceAccountToken: false },
    ...rights(name, name, namespace, [
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
      { apiGroups: [''], resources: ['pods/log', 'configmaps'], verbs: ['get', 'list', 'watch'] },
    ]),
    ...clusterRights(`hardway:${name}`, name, namespace, [
      { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims'], verbs: ['get', 'list', 'watch'] },
      {
        ...{ apiGroups: [''], resources: ['persistentvolumes'] },
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
    ]),
    {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'local-path-config', namespace } },
      data: {
        'config.json': JSON.stringify(configuration(path), null, 2),
        'helperPod.yaml': JSON.stringify(folderPod(imageOf(artefacts, 'local-path-folder')), null, 2),
      },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace, labels } },
      spec: {
        replicas: 1,
        // Two at once would both make a folder for the same claim.
        strategy: { type: 'Recreate' },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(imageOf(artefacts, name)) },
      },
    },
    {
      ...{ apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass' },
      metadata: {
        name: 'local-path',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      ...{ provisioner: 'rancher.io/local-path', volumeBindingMode: 'WaitForFirstConsumer' },
      reclaimPolicy: 'Delete',
    },
  ];
}

/** One program does what upstream's scripts do with a shell. */
const configuration = (path: string): object => ({
  nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [path] }],
  setupCommand: '/folder',
  teardownCommand: '/folder',
});

/** Runs for a moment on a volume's node, with the folder above the volume's mounted. */
const folderPod = (image: string): object => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'folder' } },
  spec: {
    ...{ priorityClassName: 'system-node-critical', automountServiceAccountToken: false },
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        ...{ name: 'folder', image, imagePullPolicy: 'IfNotPresent' },
        resources: { requests: { cpu: '10m', memory: '8Mi' } },
        // Whoever owns what lies in a volume that goes.
        securityContext: confined('DAC_OVERRIDE', 'FOWNER'),
      },
    ],
  },
});

const podSpec = (image: string): object => ({
  serviceAccountName: name,
  tolerations: anywhere,
  securityContext: asUser(65_534),
  containers: [
    {
      ...{ name, image, imagePullPolicy: 'IfNotPresent' },
      args: ['start', '--config=/etc/config/config.json', `--service-account-name=${folders}`],
      env: [
        { name: 'POD_NAMESPACE', value: namespace },
        { name: 'CONFIG_MOUNT_PATH', value: '/etc/config/' },
      ],
      resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
      securityContext: confined(),
      volumeMounts: [{ name: 'config', mountPath: '/etc/config', readOnly: true }],
    },
  ],
  volumes: [{ name: 'config', configMap: { name: 'local-path-config' } }],
});
