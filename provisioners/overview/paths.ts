import type { Cluster, Node } from '../../src/cluster/model.ts';
import { isAddress } from '../../src/cluster/ranges.ts';
import { hasBalancer } from '../endpoint.ts';
import { byRole, isEtcdOnly } from '../scope.ts';

export interface ApiPath {
  readonly host: string;
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';

/**
 * Every way of a machine to the API: each master's own address, the machine's own balancer, what clients outside use,
 * and the Service of pods.
 */
export const paths = (cluster: Cluster, node: Pick<Node, 'roles'>): ApiPath[] => {
  if (isEtcdOnly(node)) return [];
  const { endpoint, loadBalancer, port } = cluster.controlPlane;
  const isKept = endpoint !== null && (isAddress(endpoint) || loadBalancer === 'external');
  return [
    ...byRole(cluster, 'master').map(({ address }) => ({ host: address, port })),
    ...(hasBalancer(cluster, node) ? [{ host: LOOPBACK, port }] : []),
    ...(isKept ? [{ host: endpoint, port }] : []),
    { host: cluster.network.apiServiceIP, port: 443 },
  ];
};

/** All of them together, each once. */
export const allPaths = (cluster: Cluster): ApiPath[] => [
  ...new Map(
    cluster.nodes.flatMap((node) => paths(cluster, node)).map((path) => [`${path.host}:${path.port}`, path]),
  ).values(),
];

/** What a path that is no master's own is called. */
export const pathName = (cluster: Cluster, { host, port }: ApiPath): string => {
  if (host === LOOPBACK) return 'the API through the balancer of each machine';
  if (host === cluster.network.apiServiceIP) return `the API by its Service ${host}:${port}`;
  return `the API at its endpoint ${host}:${port}`;
};
