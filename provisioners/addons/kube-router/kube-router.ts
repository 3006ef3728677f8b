import type { Cluster } from '../../../src/cluster/model.ts';
import { apiName } from '../../endpoint.ts';
import type { Manifest } from '../../resources/manifest.ts';
import { workloadReady } from '../../rollouts.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { clusterRights, serviceAccount } from '../parts.ts';

const name = 'kube-router';
const namespace = 'kube-system';
const labels = { 'k8s-app': name };
const image = 'docker.io/cloudnativelabs/kube-router:v2.11.1';

const CONFIG = '/etc/kube-router';
const CNI = '/etc/cni/net.d';
const LIST = '10-kuberouter.conflist';

/** The plug-in of network.cni kube-router: routes that nodes tell each other by BGP; the machines fetch its image. */
export const kubeRouter: Addon = {
  describe:
    'connects pods, makes NetworkPolicies hold, does the work of kube-proxy (network.cni kube-router)',
  images: [],
  objects: ({ cluster }: AddonScope) => [
    serviceAccount(name, namespace),
    ...clusterRights('hardway:kube-router', name, namespace, [
      { apiGroups: [''], resources: ['namespaces', 'pods', 'services', 'nodes', 'endpoints'], verbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
      { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs },
    ]),
    {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } },
      data: { [LIST]: JSON.stringify(list, null, 2) },
    },
    daemons(cluster),
  ],
  health: (cluster: Cluster) => [workloadReady(cluster, 'DaemonSet', namespace, name)],
};

const verbs = ['get', 'list', 'watch'];

/** kube-router itself adds the subnet of its Node and the size of packets. */
const list = {
  cniVersion: '1.0.0',
  name,
  plugins: [
    {
      ...{ type: 'bridge', bridge: 'kube-bridge', isDefaultGateway: true, hairpinMode: true },
      ipam: { type: 'host-local' },
    },
    { type: 'portmap', snat: true, capabilities: { portMappings: true } },
  ],
};

const daemons = (cluster: Cluster): Manifest => ({
  ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace, labels } },
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec(cluster) },
  },
});

const podSpec = (cluster: Cluster): object => ({
  ...{ serviceAccountName: name, hostNetwork: true, priorityClassName: 'system-node-critical' },
  tolerations: [{ operator: 'Exists' }],
  initContainers: [
    {
      ...{ name: 'plug-in', image, imagePullPolicy: 'IfNotPresent' },
      // Whole or not at all, and never over the subnet that kube-router has written.
      command: [
        ...['sh', '-c', '[ -e "$2" ] || { cp "$1" "$2.new" && mv "$2.new" "$2"; }', 'sh'],
        ...[`${CONFIG}/${LIST}`, `${CNI}/${LIST}`],
      ],
      volumeMounts: [
        { name: 'config', mountPath: CONFIG, readOnly: true },
        { name: 'cni', mountPath: CNI },
      ],
    },
  ],
  containers: [
    {
      ...{ name, image, imagePullPolicy: 'IfNotPresent' },
      args: flags(cluster),
      env: [
        { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'KUBE_ROUTER_CNI_CONF_FILE', value: `${CNI}/${LIST}` },
        // It does without the Service of the API, which it may be the one to make.
        { name: 'KUBERNETES_SERVICE_HOST', value: apiName(cluster) },
        { name: 'KUBERNETES_SERVICE_PORT', value: String(cluster.controlPlane.port) },
      ],
      livenessProbe: {
        ...{ httpGet: { path: '/healthz', port: 20_244 }, initialDelaySeconds: 10, periodSeconds: 10 },
      },
      resources: { requests: { cpu: '250m', memory: '250Mi' } },
      securityContext: { privileged: true },
      volumeMounts: [
        { name: 'cni', mountPath: CNI },
        { name: 'modules', mountPath: '/lib/modules', readOnly: true },
        { name: 'lock', mountPath: '/run/xtables.lock' },
      ],
    },
  ],
  volumes: [
    { name: 'config', configMap: { name } },
    { name: 'cni', hostPath: { path: CNI } },
    { name: 'modules', hostPath: { path: '/lib/modules' } },
    { name: 'lock', hostPath: { path: '/run/xtables.lock', type: 'FileOrCreate' } },
  ],
});

const flags = ({ network }: Cluster): string[] => [
  ...['--run-router=true', '--run-firewall=true', '--bgp-graceful-restart=true'],
  `--run-service-proxy=${network.kubeProxy === 'disabled'}`,
  `--service-cluster-ip-range=${network.serviceCidr}`,
  `--service-node-port-range=${network.nodePortRange}`,
];
