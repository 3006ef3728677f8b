import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut, workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import { yaml } from '../../yaml.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { definitions } from '../definitions.ts';
import { anywhere, asUser, confined, imageOf, namespaceOf, serviceAccount, settingsOf } from '../parts.ts';
import { MEMBERS, METRICS } from './ports.ts';
import { controllerRights, speakerRights } from './rights.ts';

interface Settings {
  /** "192.168.56.200-192.168.56.220" or a range in CIDR form; all inside network.machineCidr. */
  readonly addresses: readonly string[];
}

const namespace = 'metallb-system';
const core = { apiVersion: 'v1' };
const labelsOf = (component: string) => ({ app: 'metallb', component });

/** Addresses of the machines' own network for Services of type LoadBalancer, announced by ARP from one of the nodes. */
export const metallb: Addon = {
  describe: 'addresses of the machines’ network for Services of type LoadBalancer',
  images: ['image:metallb-controller', 'image:metallb-speaker'],
  objects,
  health: (cluster: Cluster) => [
    rolledOut(cluster, namespace, 'controller'),
    workloadReady(cluster, 'DaemonSet', namespace, 'speaker'),
  ],
};

function objects({ cluster, artefacts }: AddonScope): Manifest[] {
  const { addresses } = settingsOf<Settings>(cluster, 'metallb', { addresses: [] });
  return [
    // The speaker is on the machines' own network.
    ...namespaceOf(namespace, 'privileged'),
    // Without the conversion of an old form of BGPPeer: only that needs a webhook, and nobody has peers here.
    ...definitions('metallb/definitions.json'),
    serviceAccount('controller', namespace),
    serviceAccount('speaker', namespace),
    {
      ...{ ...core, kind: 'ConfigMap', metadata: { name: 'metallb-excludel2', namespace } },
      data: { 'excludel2.yaml': yaml({ announcedInterfacesToExclude: inside }) },
    },
    ...controllerRights,
    ...speakerRights,
    {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
      metadata: { name: 'controller', namespace, labels: labelsOf('controller') },
      spec: {
        replicas: 1,
        selector: { matchLabels: labelsOf('controller') },
        template: {
          metadata: { labels: labelsOf('controller') },
          spec: controllerPod(imageOf(artefacts, 'metallb-controller')),
        },
      },
    },
    {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet' },
      metadata: { name: 'speaker', namespace, labels: labelsOf('speaker') },
      spec: {
        selector: { matchLabels: labelsOf('speaker') },
        template: {
          metadata: { labels: labelsOf('speaker') },
          spec: speakerPod(imageOf(artefacts, 'metallb-speaker')),
        },
      },
    },
    {
      ...{
        apiVersion: 'metallb.io/v1beta1',
        kind: 'IPAddressPool',
        metadata: { name: 'machines', namespace },
      },
      spec: { addresses },
    },
    {
      ...{
        apiVersion: 'metallb.io/v1beta1',
        kind: 'L2Advertisement',
        metadata: { name: 'machines', namespace },
      },
      spec: { ipAddressPools: ['machines'] },
    },
  ];
}

/** Where the machines' network is not: between pods, and between a host and its containers. */
const inside = ['^docker.*', '^dummy.*', '^virbr.*', '^lxcbr.*', '^veth.*', '^lo$', '^flannel.*', '^cni.*'];

const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });

const controllerPod = (image: string): object => ({
  ...{ serviceAccountName: 'controller', tolerations: anywhere, terminationGracePeriodSeconds: 0 },
  securityContext: asUser(65_534),
  containers: [
    {
      ...{ name: 'controller', image, imagePullPolicy: 'IfNotPresent' },
      args: [`--port=${METRICS}`, '--log-level=info', '--webhook-mode=disabled'],
      env: [
        { name: 'METALLB_ML_SECRET_NAME', value: 'memberlist' },
        { name: 'METALLB_DEPLOYMENT', value: 'controller' },
      ],
      ports: [{ name: 'monitoring', containerPort: METRICS }],
      resources: { requests: { cpu: '20m', memory: '48Mi' }, limits: { memory: '256Mi' } },
      securityContext: confined(),
      readinessProbe: { httpGet: { path: '/metrics', port: 'monitoring' }, periodSeconds: 3 },
      livenessProbe: { httpGet: { path: '/metrics', port: 'monitoring' }, initialDelaySeconds: 30 },
    },
  ],
});

const speakerPod = (image: string): object => ({
  ...{ serviceAccountName: 'speaker', hostNetwork: true, terminationGracePeriodSeconds: 2 },
  tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }],
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      ...{ name: 'speaker', image, imagePullPolicy: 'IfNotPresent' },
      args: [`--port=${METRICS}`, '--host=127.0.0.1', '--log-level=info'],
      env: [
        fromField('METALLB_NODE_NAME', 'spec.nodeName'),
        fromField('METALLB_POD_NAME', 'metadata.name'),
        fromField('METALLB_ML_BIND_ADDR', 'status.podIP'),
        { name: 'METALLB_ML_BIND_PORT', value: String(MEMBERS) },
        { name: 'METALLB_ML_LABELS', value: 'app=metallb,component=speaker' },
        { name: 'METALLB_ML_SECRET_KEY_PATH', value: '/etc/ml_secret_key' },
      ],
      resources: { requests: { cpu: '20m', memory: '48Mi' }, limits: { memory: '256Mi' } },
      securityContext: confined('NET_RAW'),
      readinessProbe: {
        httpGet: { path: '/metrics', host: '127.0.0.1', port: METRICS },
        periodSeconds: 3,
      },
      livenessProbe: {
        httpGet: { path: '/metrics', host: '127.0.0.1', port: METRICS },
        initialDelaySeconds: 30,
      },
      volumeMounts: [
        { name: 'memberlist', mountPath: '/etc/ml_secret_key', readOnly: true },
        { name: 'interfaces', mountPath: '/etc/metallb', readOnly: true },
      ],
    },
  ],
  volumes: [
    // The controller makes it.
    { name: 'memberlist', secret: { secretName: 'memberlist', defaultMode: 0o440 } },
    { name: 'interfaces', configMap: { name: 'metallb-excludel2', defaultMode: 0o444 } },
  ],
});
