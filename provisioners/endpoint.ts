import type { Cluster, Node } from '../src/cluster/model.ts';
import { isAddress } from '../src/cluster/ranges.ts';
import type { Resource } from '../src/engine/resource.ts';
import { block } from '../src/resources/block.ts';
import { byRole } from './scope.ts';

/** The API's one name: in the certificate of every API server, and what each machine calls it. */
export function apiName({ name, controlPlane: { endpoint } }: Cluster): string {
  return endpoint === null || isAddress(endpoint) ? `api.${name}.internal` : endpoint;
}

/** Where kubelets and tools of any machine find the API; what the name means there is that machine's affair. */
export const apiByName = (cluster: Cluster): string =>
  `https://${apiName(cluster)}:${cluster.controlPlane.port}`;

/** A machine that finds the masters through a balancer of its own. With one master there is nothing to balance. */
export const hasBalancer = (cluster: Cluster, node: Pick<Node, 'roles'>): boolean =>
  node.roles.includes('minion') &&
  !node.roles.includes('master') &&
  cluster.controlPlane.loadBalancer !== 'external' &&
  byRole(cluster, 'master').length > 1;

/** Whether a machine is one of those that keep the API's address for clients outside. */
export const keepsAddress = ({ controlPlane }: Cluster, { roles }: Pick<Node, 'roles'>): boolean =>
  roles.includes('master') && controlPlane.loadBalancer === 'keepalived';

/** The units of the two. */
export const BALANCER = 'hardway-balancer';
export const KEEPER = 'hardway-address';

/**
 * The address that the name stands for on a machine: on a master its own server, elsewhere the balancer, or the only
 * master. null: the name is somebody else's, and the machine's own resolver knows it.
 */
export function apiAddress(cluster: Cluster, node: Node): string | null {
  const { endpoint, loadBalancer } = cluster.controlPlane;
  if (node.roles.includes('master')) return node.address;
  if (loadBalancer === 'external') return endpoint !== null && isAddress(endpoint) ? endpoint : null;
  return hasBalancer(cluster, node) ? '127.0.0.1' : (byRole(cluster, 'master')[0]?.address ?? null);
}

/** Hosts at which clients outside may find the API, the usual one first. With several masters none of them is named. */
export function apiHosts(cluster: Cluster): string[] {
  const { endpoint, loadBalancer, sans } = cluster.controlPlane;
  const masters = byRole(cluster, 'master').map(({ address }) => address);
  const isKept = endpoint !== null && (isAddress(endpoint) || loadBalancer === 'external');
  const own = masters.length > 1 ? [] : masters;
  const all = isKept
    ? [endpoint, ...own, ...sans]
    : [...own, ...(endpoint === null ? [] : [endpoint]), ...sans];
  return [...new Set(all)];
}

/** How a client outside reaches the API, and by which name it knows the server again. */
export const apiOutside = (cluster: Cluster): { readonly server: string; readonly name: string } => ({
  server: `https://${apiHosts(cluster)[0] ?? apiName(cluster)}:${cluster.controlPlane.port}`,
  name: apiName(cluster),
});

/** The machine's own line for the name; none where a name server knows it. */
export function apiLine(cluster: Cluster, node: Node): Resource {
  const address = apiAddress(cluster, node);
  const lines = address === null ? [] : [`${address} ${apiName(cluster)}`];
  return {
    ...block('/etc/hosts', lines, 'api'),
    why: 'The API has one name, whichever master answers to it.',
  };
}
