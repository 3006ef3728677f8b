import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Names } from '../src/pki/names.ts';
import type { Usage } from '../src/pki/oids.ts';
import { byRole } from './scope.ts';

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
}

/** Members of this group administer the cluster by RBAC; unlike system:masters it can be taken away again. */
export const ADMINISTRATORS = 'hardway:cluster-admins';

/** Every certificate made on the operator's side. Kubelets ask for theirs themselves. */
export function certificates(cluster: Cluster): CertificateEntry[] {
  return [
    entry('operator', 'admin', 'ca', 'hardway-admin', { organizations: [ADMINISTRATORS] }),
    ...byRole(cluster, 'etcd').flatMap(etcdMember),
    ...byRole(cluster, 'master').flatMap((node) => master(cluster, node)),
    ...cluster.nodes.flatMap(everyNode),
  ];
}

function etcdMember(node: Node): CertificateEntry[] {
  const names = { dns: ['localhost', node.name], ip: ['127.0.0.1', '::1', node.address] };
  const both: Usage[] = ['server', 'client'];
  return [
    entry(node.name, 'etcd-server', 'etcd-ca', node.name, { usages: both, names }),
    entry(node.name, 'etcd-peer', 'etcd-ca', node.name, {
      usages: both,
      names: { dns: [node.name], ip: [node.address] },
    }),
    // etcd maps a common name to its user of that name.
    entry(node.name, 'etcd-root', 'etcd-ca', 'root'),
  ];
}

function master(cluster: Cluster, node: Node): CertificateEntry[] {
  return [
    entry(node.name, 'apiserver', 'ca', 'kube-apiserver', {
      usages: ['server'],
      names: apiServerNames(cluster, node),
    }),
    entry(node.name, 'apiserver-kubelet-client', 'ca', 'kube-apiserver-kubelet-client'),
    entry(node.name, 'apiserver-etcd-client', 'etcd-ca', 'kube-apiserver-etcd-client'),
    entry(node.name, 'front-proxy-client', 'front-proxy-ca', 'front-proxy-client'),
    entry(node.name, 'controller-manager', 'ca', 'system:kube-controller-manager'),
    entry(node.name, 'scheduler', 'ca', 'system:kube-scheduler'),
    entry(node.name, 'admin', 'ca', `hardway-admin@${node.name}`, { organizations: [ADMINISTRATORS] }),
  ];
}

const everyNode = (node: Node): CertificateEntry[] => [
  entry(node.name, 'flannel', 'etcd-ca', 'flannel'),
  entry(node.name, 'proxy', 'ca', 'system:kube-proxy'),
];

function apiServerNames({ network, controlPlane }: Cluster, node: Node): Names {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const isAddress = (name: string): boolean => /^[0-9.]+$|:/.test(name);
  return {
    dns: [
      ...service,
      `kubernetes.default.svc.${network.dns.domain}`,
      'localhost',
      node.name,
      ...controlPlane.sans.filter((name) => !isAddress(name)),
    ],
    ip: [network.apiServiceIP, node.address, '127.0.0.1', ...controlPlane.sans.filter(isAddress)],
  };
}

function entry(
  holder: string,
  purpose: string,
  authority: AuthorityName,
  commonName: string,
  options: { organizations?: string[]; usages?: Usage[]; names?: Names } = {},
): CertificateEntry {
  const { organizations = [], usages = ['client'], names = { dns: [], ip: [] } } = options;
  return { name: `${holder}/${purpose}`, authority, commonName, organizations, usages, names };
}
