import type { Artefacts } from '../../../src/artefacts/artefact.ts';
import { HardwayError } from '../../../src/errors.ts';
import { rolledOut } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';

const namespace = 'kube-system';
const labels = { 'k8s-app': 'kube-dns' };
const core = { apiVersion: 'v1' };
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };

/** Cluster DNS after kubeadm's model: the tenth service address, two replicas on different nodes where possible. */
export const coredns: Addon = {
  describe: 'Cluster DNS: names for services and pods',
  images: ['image:coredns'],
  everyday: true,
  objects,
  health: (cluster) => [rolledOut(cluster, namespace, 'coredns')],
};

function objects({ cluster, artefacts }: AddonScope): Manifest[] {
  const { domain, serviceIP } = cluster.network.dns;
  const name = 'coredns';
  return [
    { ...core, kind: 'ServiceAccount', metadata: { name, namespace } },
    { ...rbac, kind: 'ClusterRole', metadata: { name: 'system:coredns' }, rules },
    {
      ...rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    { ...core, kind: 'ConfigMap', metadata: { name, namespace }, data: { Corefile: corefile(domain) } },
    {
      ...core,
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace, labels: { ...labels, 'kubernetes.io/name': 'CoreDNS' } },
      spec: { selector: labels, clusterIP: serviceIP, ports: servicePorts },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(imageOf(artefacts)) },
      },
    },
  ];
}

function imageOf(artefacts: Artefacts): string {
  const { reference } = artefacts.get('image:coredns');
  if (reference === undefined) throw new HardwayError('INTERNAL', 'the coredns image has no reference');
  return reference;
}

const rules = [
  { apiGroups: [''], resources: ['services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
];

const servicePorts = [
  { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
  { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
  { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 9153 },
];

const corefile = (domain: string): string => `.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes ${domain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success ${domain}
        disable denial ${domain}
    }
    loop
    reload
    loadbalance
}
`;

const probe = (path: string, port: number) => ({
  httpGet: { path, port, scheme: 'HTTP' },
  timeoutSeconds: 5,
});

const podSpec = (image: string) => ({
  serviceAccountName: 'coredns',
  priorityClassName: 'system-cluster-critical',
  dnsPolicy: 'Default',
  tolerations: [
    { key: 'CriticalAddonsOnly', operator: 'Exists' },
    { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
  ],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        {
          weight: 100,
          podAffinityTerm: { labelSelector: { matchLabels: labels }, topologyKey: 'kubernetes.io/hostname' },
        },
      ],
    },
  },
  securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'coredns',
      image,
      imagePullPolicy: 'IfNotPresent',
      args: ['-conf', '/etc/coredns/Corefile'],
      resources: { requests: { cpu: '100m', memory: '70Mi' }, limits: { memory: '170Mi' } },
      ports: [
        { name: 'dns', containerPort: 53, protocol: 'UDP' },
        { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
      ],
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      },
      livenessProbe: { ...probe('/health', 8080), initialDelaySeconds: 60, failureThreshold: 5 },
      readinessProbe: { ...probe('/ready', 8181), periodSeconds: 1, failureThreshold: 3 },
      volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
    },
  ],
  volumes: [
    { name: 'config', configMap: { name: 'coredns', items: [{ key: 'Corefile', path: 'Corefile' }] } },
  ],
});
