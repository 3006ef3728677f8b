import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Names } from '../src/pki/names.ts';
import type { Usage } from '../src/pki/oids.ts';
import { registryNode } from './addons/registry/settings.ts';
import { FLANNEL_CONF, FLANNELS, flannelUser } from './flannel-rights.ts';
import { servingNames } from './host-name.ts';
import { hasEtcdStore, hasKubernetesStore } from './pod-network.ts';
import { apiName } from './endpoint.ts';
import { hasStackedEtcd } from './kubeadm/topology.ts';
import { byRole, kubeNodes } from './scope.ts';

export type AuthorityName = 'ca' | 'etcd-ca' | 'front-proxy-ca';

/** The three authorities; their keys stay with the operator. */
export const authorities: Readonly<Record<AuthorityName, string>> = {
  ca: 'kubernetes',
  'etcd-ca': 'etcd-ca',
  'front-proxy-ca': 'front-proxy-ca',
};

/** One certificate of the cluster: the whole table is `certificates(cluster)`. */
export interface CertificateEntry {
  /** `<holder>/<purpose>`; also its place in the state directory. */
  readonly name: string;
  readonly authority: AuthorityName;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usages: readonly Usage[];
  readonly names: Names;
  /** The file on its holder that has it: the certificate itself, or a kubeconfig. */
  readonly place: string;
}

/** Members of this group administer the cluster by RBAC; unlike system:masters it can be taken away again. */
export const ADMINISTRATORS = 'hardway:cluster-admins';
/** The user that the pods of kube-vip are. */
export const KUBE_VIP = 'hardway:kube-vip';

/** Every certificate made on the operator's side. Kubelets ask for theirs themselves. All live pki.leafValidity. */
export function certificates(cluster: Cluster): CertificateEntry[] {
  return [
    entry('operator', 'admin', 'ca', 'hardway-admin', 'kubeconfig', { organizations: [ADMINISTRATORS] }),
    ...byRole(cluster, 'etcd').flatMap(hasStackedEtcd(cluster) ? stackedMember : etcdMember),
    ...byRole(cluster, 'master').flatMap((node) => master(cluster, node)),
    ...kubeNodes(cluster).flatMap((node) => everyNode(cluster, node)),
    ...addons(cluster),
  ];
}

/** What each kubelet asks for, and keeps itself. */
export const kubeletPlace = (usage: 'client' | 'server'): string =>
  `/var/lib/kubelet/pki/kubelet-${usage}-current.pem`;

/** Names of the certificates that kubelets have, in the manner of the table. */
export const kubeletNames = (node: Node): string[] => [
  `${node.name}/kubelet-client`,
  `${node.name}/kubelet-server`,
];

const PKI = '/etc/kubernetes/pki';

function etcdMember(node: Node): CertificateEntry[] {
  const { dns, ip } = servingNames(node);
  const names = { dns: ['localhost', ...dns], ip: ['127.0.0.1', '::1', ...ip] };
  const both: Usage[] = ['server', 'client'];
  return [
    entry(node.name, 'etcd-server', 'etcd-ca', node.name, '/etc/etcd/pki/server.crt', {
      usages: both,
      names,
    }),
    entry(node.name, 'etcd-peer', 'etcd-ca', node.name, '/etc/etcd/pki/peer.crt', {
      usages: both,
      names: servingNames(node),
    }),
    // etcd maps a common name to its user of that name.
    entry(node.name, 'etcd-root', 'etcd-ca', 'root', '/etc/etcd/pki/root.crt'),
  ];
}

/** As kubeadm names and wants them: both certificates of a member carry all of its names. */
function stackedMember(node: Node): CertificateEntry[] {
  const names = { dns: ['localhost', node.name], ip: ['127.0.0.1', '::1', node.address] };
  const both: Usage[] = ['server', 'client'];
  const place = (name: string): string => `${PKI}/etcd/${name}.crt`;
  return [
    ...['server', 'peer'].map((name) =>
      entry(node.name, `etcd-${name}`, 'etcd-ca', node.name, place(name), { usages: both, names }),
    ),
    entry(
      node.name,
      'etcd-healthcheck-client',
      'etcd-ca',
      'kube-etcd-healthcheck-client',
      place('healthcheck-client'),
    ),
    entry(node.name, 'etcd-root', 'etcd-ca', 'root', '/etc/etcd/pki/root.crt'),
  ];
}

function master(cluster: Cluster, node: Node): CertificateEntry[] {
  const client = (purpose: string, authority: AuthorityName, commonName: string): CertificateEntry =>
    entry(node.name, purpose, authority, commonName, `${PKI}/${purpose}.crt`);
  const conf = (purpose: string, commonName: string, organizations: string[] = []): CertificateEntry =>
    entry(node.name, purpose, 'ca', commonName, `/etc/kubernetes/${purpose}.conf`, { organizations });
  return [
    entry(node.name, 'apiserver', 'ca', 'kube-apiserver', `${PKI}/apiserver.crt`, {
      usages: ['server'],
      names: apiServerNames(cluster, node),
    }),
    client('apiserver-kubelet-client', 'ca', 'kube-apiserver-kubelet-client'),
    client('apiserver-etcd-client', 'etcd-ca', 'kube-apiserver-etcd-client'),
    client('front-proxy-client', 'front-proxy-ca', 'front-proxy-client'),
    conf('controller-manager', 'system:kube-controller-manager'),
    conf('scheduler', 'system:kube-scheduler'),
    ...(cluster.controlPlane.loadBalancer === 'kube-vip' ? [conf('kube-vip', KUBE_VIP)] : []),
    conf('admin', `hardway-admin@${node.name}`, [
      ADMINISTRATORS,
      // kubeadm gives this group its rights before ours has any.
      ...(cluster.kubernetes.flavour === 'kubeadm' ? ['kubeadm:cluster-admins'] : []),
    ]),
  ];
}

const everyNode = (cluster: Cluster, node: Node): CertificateEntry[] => [
  ...(hasEtcdStore(cluster)
    ? [entry(node.name, 'flannel', 'etcd-ca', 'flannel', '/etc/flannel/pki/client.crt')]
    : []),
  ...(hasKubernetesStore(cluster)
    ? [
        entry(node.name, 'flannel', 'ca', flannelUser(node.name), FLANNEL_CONF, {
          organizations: [FLANNELS],
        }),
      ]
    : []),
  ...(cluster.network.kubeProxy === 'disabled'
    ? []
    : [entry(node.name, 'proxy', 'ca', 'system:kube-proxy', '/var/lib/kube-proxy/kubeconfig')]),
];

/** What serves inside the cluster; pods have it from a Secret. */
function addons(cluster: Cluster): CertificateEntry[] {
  const serving = (name: string, namespace: string, ip: string[] = []): CertificateEntry =>
    entry('addons', name, 'ca', name, `Secret ${namespace}/serving`, {
      usages: ['server'],
      names: { dns: serviceNames(name, namespace, cluster), ip },
    });
  return [
    ...(cluster.addons['metrics-server'] === undefined ? [] : [serving('metrics-server', 'metrics-server')]),
    ...(cluster.addons['registry'] === undefined
      ? []
      : [serving('registry', 'registry', [registryNode(cluster).address])]),
  ];
}

const serviceNames = (name: string, namespace: string, { network }: Cluster): string[] =>
  ['', `.${network.dns.domain}`].map((domain) => `${name}.${namespace}.svc${domain}`);

function apiServerNames(cluster: Cluster, node: Node): Names {
  const { network, controlPlane } = cluster;
  const outside = [...(controlPlane.endpoint === null ? [] : [controlPlane.endpoint]), ...controlPlane.sans];
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const isAddress = (name: string): boolean => /^[0-9.]+$|:/.test(name);
  return {
    dns: [
      ...service,
      `kubernetes.default.svc.${network.dns.domain}`,
      'localhost',
      ...servingNames(node).dns,
      ...new Set([apiName(cluster), ...outside.filter((name) => !isAddress(name))]),
    ],
    ip: [network.apiServiceIP, node.address, '127.0.0.1', ...new Set(outside.filter(isAddress))],
  };
}

function entry(
  holder: string,
  purpose: string,
  authority: AuthorityName,
  commonName: string,
  place: string,
  options: { organizations?: string[]; usages?: Usage[]; names?: Names } = {},
): CertificateEntry {
  const { organizations = [], usages = ['client'], names = { dns: [], ip: [] } } = options;
  return { name: `${holder}/${purpose}`, authority, commonName, organizations, usages, names, place };
}
