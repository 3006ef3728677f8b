import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { EncryptionKey } from '../src/state/encryption-keys.ts';
import type { Facts } from './facts.ts';
import type { Own } from './own/own-object.ts';
import type { ClusterPki } from './pki.ts';
import type { PodRoute } from './pod-routes.ts';

/** What a phase may know about one machine while it says what should be there. */
export interface Scope {
  readonly cluster: Cluster;
  readonly node: Node;
  readonly facts: Facts;
  readonly pki: ClusterPki;
  /** What Secrets are encrypted with in etcd: the first key writes, all of them read. */
  readonly encryption: readonly EncryptionKey[];
  readonly artefacts: Artefacts;
  /** What the user wants in the cluster besides: the folder addons/, and charts. */
  readonly own: Own;
  /** The join token, `id.secret`; for the machines that have yet to join and the API that must know it. */
  readonly token: string;
  /** Whose pods are where, for network.cni routes. */
  readonly podRoutes: readonly PodRoute[];
  /** Present nodes whose kubelet must ask for its certificate with the join token. */
  readonly joining: readonly string[];
  /** A machine of Vagrant's cannot have more. */
  readonly hostCpus: number;
  /** Takes a machine out of service, restarts it, puts it back. */
  readonly restart: (node: Node) => Promise<void>;
}

export const byRole = (cluster: Cluster, role: Node['roles'][number]): Node[] =>
  cluster.nodes.filter((node) => node.roles.includes(role));

/** Whether a machine becomes a node of the cluster; masters may be told not to, etcd alone makes none. */
export const isNode = ({ controlPlane }: Cluster, { roles }: Pick<Node, 'roles'>): boolean =>
  roles.includes('minion') || (roles.includes('master') && controlPlane.registerNode);

/** Machines that become nodes of the cluster. */
export const nodesOf = (cluster: Cluster): Node[] => cluster.nodes.filter((node) => isNode(cluster, node));

/** Names only. */
export const namesOf = (nodes: readonly Node[]): string[] => nodes.map(({ name }) => name);

export const isEtcdOnly = ({ roles }: Pick<Node, 'roles'>): boolean => roles.every((role) => role === 'etcd');

/** Machines that run something of Kubernetes. */
export const kubeNodes = (cluster: Cluster): Node[] => cluster.nodes.filter((node) => !isEtcdOnly(node));

/** Who speaks for all: the first of those that are there, in the order given; none is special. */
export const speaker = (
  cluster: Cluster,
  present: readonly string[],
  role: Node['roles'][number] = 'master',
): string[] => {
  const names = namesOf(byRole(cluster, role));
  return [present.find((name) => names.includes(name)) ?? names[0] ?? ''];
};

/** Every address at which etcd answers clients; but for one machine's. */
export const etcdEndpoints = (cluster: Cluster, except = ''): string =>
  byRole(cluster, 'etcd')
    .filter(({ name }) => name !== except)
    .map(({ address }) => `https://${address}:2379`)
    .join(',');

/** A master's own API server, for what runs beside it; all others go by the API's name (endpoint.ts). */
export const apiServer = ({ controlPlane }: Cluster, { address }: Pick<Node, 'address'>): string =>
  `https://${address}:${controlPlane.port}`;
