import type { Cluster } from '../../../src/cluster/model.ts';
import { workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { definitions } from '../definitions.ts';
import { conditionHolds } from '../health.ts';
import {
  anywhere,
  asUser,
  clusterRights,
  confined,
  imageOf,
  namespaceOf,
  onNodes,
  serviceAccount,
  settingsOf,
  workers,
} from '../parts.ts';

interface Settings {
  /** The machines on which it runs, and without MetalLB those at whose addresses it is reached. */
  readonly nodes: readonly string[];
  /** Of these machines; with MetalLB, of the address that it gives. */
  readonly port: number;
}

const name = 'traefik';
const namespace = name;
const labels = { 'app.kubernetes.io/name': name };
const gateway = { apiVersion: 'gateway.networking.k8s.io/v1' };
const PING = 8082;

export const traefikSettings = (cluster: Cluster): Settings =>
  settingsOf(cluster, name, { nodes: workers(cluster), port: 80 });

/** MetalLB gives an address; without it the machines' own ports are taken. */
const hasAddress = (cluster: Cluster): boolean => cluster.addons['metallb'] !== undefined;

/** Gateway API for requests from outside: the Gateway "hardway" takes routes of every namespace. */
export const traefik: Addon = {
  describe: 'HTTP from outside by host name: Gateway API with the Gateway "hardway"',
  images: ['image:traefik'],
  objects,
  health: (cluster: Cluster) => [
    workloadReady(cluster, 'DaemonSet', namespace, name),
    conditionHolds(cluster, { kind: 'gateway', name: 'hardway', namespace }, 'Programmed'),
  ],
};

function objects({ cluster, artefacts }: AddonScope): Manifest[] {
  const { nodes, port } = traefikSettings(cluster);
  return [
    ...namespaceOf(namespace, hasAddress(cluster) ? 'restricted' : 'privileged'),
    ...definitions('traefik/gateway-api.json'),
    serviceAccount(name, namespace),
    ...clusterRights('hardway:traefik', name, namespace, rules),
    {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace, labels } },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            ...podSpec(imageOf(artefacts, name), cluster),
            affinity: onNodes(nodes),
          },
        },
      },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels } },
      spec: {
        // Requests are answered where they arrive, so that Traefik and the services behind it learn who asks.
        ...(hasAddress(cluster)
          ? { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }
          : { type: 'ClusterIP' }),
        selector: labels,
        ports: [{ name: 'http', port, targetPort: 'http' }],
      },
    },
    {
      ...{ ...gateway, kind: 'GatewayClass', metadata: { name } },
      spec: { controllerName: 'traefik.io/gateway-controller' },
    },
    {
      ...{ ...gateway, kind: 'Gateway', metadata: { name: 'hardway', namespace } },
      spec: {
        gatewayClassName: name,
        listeners: [{ name: 'http', port, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } }],
      },
    },
  ];
}

const READ = ['get', 'list', 'watch'];
const routes = ['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes', 'referencegrants'];
const rules = [
  { apiGroups: [''], resources: ['namespaces'], verbs: READ },
  // Certificates of Gateways that users make, in whichever namespace.
  { apiGroups: [''], resources: ['services', 'secrets', 'configmaps'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: routes, verbs: READ },
  {
    ...{ apiGroups: ['gateway.networking.k8s.io'], verbs: ['update'] },
    resources: routes.map((resource) => `${resource}/status`),
  },
];

/** What the Gateway's status says of where it is reached. */
const address = (cluster: Cluster): string[] =>
  hasAddress(cluster)
    ? ['service.name=traefik', `service.namespace=${namespace}`]
    : [`ip=${cluster.nodes.find((node) => node.name === traefikSettings(cluster).nodes[0])?.address ?? ''}`];

const podSpec = (image: string, cluster: Cluster): object => {
  // In the pod the same as outside: Traefik finds the Gateway's listener by it.
  const { port } = traefikSettings(cluster);
  return {
    ...{ serviceAccountName: name, tolerations: anywhere },
    securityContext: {
      ...asUser(65_532),
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: String(Math.min(port, 1024)) }],
    },
    containers: [
      {
        ...{ name, image, imagePullPolicy: 'IfNotPresent' },
        args: [
          `--entryPoints.web.address=:${port}`,
          `--entryPoints.ping.address=:${PING}`,
          ...['--ping=true', '--ping.entryPoint=ping'],
          '--providers.kubernetesgateway=true',
          ...address(cluster).map((part) => `--providers.kubernetesgateway.statusaddress.${part}`),
          ...['--global.checknewversion=false', '--global.sendanonymoususage=false', '--log.level=INFO'],
        ],
        ports: [
          { name: 'http', containerPort: port, ...(hasAddress(cluster) ? {} : { hostPort: port }) },
          { name: 'ping', containerPort: PING },
        ],
        resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '512Mi' } },
        securityContext: confined(),
        readinessProbe: { httpGet: { path: '/ping', port: 'ping' }, periodSeconds: 2 },
        livenessProbe: { httpGet: { path: '/ping', port: 'ping' }, initialDelaySeconds: 30 },
      },
    ],
  };
};
