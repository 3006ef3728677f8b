import type { Cluster } from '../src/cluster/model.ts';
import type { Resource } from '../src/engine/resource.ts';
import { directory, file } from '../src/resources/file.ts';
import { KUBE_VIP } from './certificates.ts';
import { nicOf } from './facts.ts';
import { apiServer, type Scope } from './scope.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { Manifest } from './resources/manifest.ts';
import { MANIFESTS } from './resources/static-pod.ts';
import { yaml } from './yaml.ts';

/** Not in the artefact lock, for it cannot be compiled here: masters fetch it. */
const IMAGE = 'ghcr.io/kube-vip/kube-vip:v1.2.3';
const LEASE = 'plndr-cp-lock';
export const KUBE_VIP_CONF = '/etc/kubernetes/kube-vip.conf';
export const KUBE_VIP_POD = `${MANIFESTS}/hardway-kube-vip.yaml`;

export const hasKubeVip = ({ controlPlane }: Cluster): boolean => controlPlane.loadBalancer === 'kube-vip';

/** A pod of each master's own kubelet; one of them, by a lease in the API, has the address. */
export function kubeVip(scope: Scope): Resource[] {
  const { cluster, node, pki } = scope;
  const ca = pki.authority('ca').trustPem;
  const leaf = pki.leaf(`${node.name}/kube-vip`);
  const conf = file(KUBE_VIP_CONF, kubeconfig(cluster.name, apiServer(cluster, node), ca, 'kube-vip', leaf), {
    secret: true,
  });
  return [
    directory(MANIFESTS),
    conf,
    file(KUBE_VIP_POD, yaml(kubeVipPod(cluster, nicOf(node, scope.facts), conf.sha256)), {
      mode: 0o600,
      why: 'Gives the address of the API to a master that works.',
    }),
  ];
}

/** `credential`: its digest; the pod reads it once, so that another one makes another pod. */
export const kubeVipPod = ({ controlPlane }: Cluster, nic: string, credential: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    ...{ name: 'kube-vip', namespace: 'kube-system' },
    annotations: { 'hardway.dev/started-with': credential },
  },
  spec: {
    hostNetwork: true,
    priorityClassName: 'system-node-critical',
    // It speaks to the API server of its own machine, under a name that every server's certificate has.
    hostAliases: [{ ip: '127.0.0.1', hostnames: ['kubernetes'] }],
    containers: [
      {
        name: 'kube-vip',
        image: IMAGE,
        args: ['manager'],
        env: variables(controlPlane, nic),
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] },
        },
        volumeMounts: [{ name: 'credential', mountPath: '/etc/kubernetes/admin.conf', readOnly: true }],
      },
    ],
    volumes: [{ name: 'credential', hostPath: { path: KUBE_VIP_CONF, type: 'File' } }],
  },
});

const variables = ({ endpoint, port }: Cluster['controlPlane'], nic: string): object[] => [
  ...Object.entries({
    vip_arp: 'true',
    vip_interface: nic,
    vip_subnet: '32',
    address: endpoint ?? '',
    port: String(port),
    cp_enable: 'true',
    cp_namespace: 'kube-system',
    vip_leaderelection: 'true',
    vip_leasename: LEASE,
    vip_leaseduration: '5',
    vip_renewdeadline: '3',
    vip_retryperiod: '1',
  }).map(([name, value]) => ({ name, value })),
  { name: 'vip_nodename', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
];

const RBAC = 'rbac.authorization.k8s.io';
const metadata = { name: KUBE_VIP, namespace: 'kube-system' };

/** It may elect one among its pods, and nothing else. */
export const KUBE_VIP_RIGHTS: readonly Manifest[] = [
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata,
    rules: [
      { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: [LEASE],
        verbs: ['get', 'update', 'patch'],
      },
    ],
  },
  {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: KUBE_VIP },
    subjects: [{ apiGroup: RBAC, kind: 'User', name: KUBE_VIP }],
  },
];
