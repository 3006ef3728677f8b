import type { Cluster, Node } from '../src/cluster/model.ts';
import { nth, parseRange, size } from '../src/cluster/ranges.ts';
import { HardwayError } from '../src/errors.ts';
import { nodesOf } from './scope.ts';
import { hasOwnRoutes, SUBNET_BITS } from './pod-network.ts';

/** Where the pods of one machine are. */
export interface PodRoute {
  readonly name: string;
  /** "10.244.2.0/24" */
  readonly subnet: string;
  /** The machine's own. */
  readonly address: string;
}

/** Kept on every machine: whose pods are where. It is what routes are made from, and the memory of who has which subnet. */
export const POD_ROUTES = '/var/lib/hardway/pod-routes';

/** One line a machine. */
export const written = (routes: readonly PodRoute[]): string =>
  routes.map(({ name, subnet, address }) => `${name} ${subnet} ${address}\n`).join('');

export const parsePodRoutes = (lines: readonly string[]): PodRoute[] =>
  lines.map((line) => {
    const [name = '', subnet = '', address = ''] = line.split(' ');
    return { name, subnet, address };
  });

/** What each present machine's file says now. */
export type Tables = ReadonlyMap<string, readonly PodRoute[]>;

/**
 * What the file of `machine` must say: every machine of cluster.json, with the subnet that any machine knows of it, or
 * else the first that nobody has; and whoever else is in this machine's own file, until it has left.
 */
export function podRoutes(
  cluster: Cluster,
  leaving: readonly Node[],
  tables: Tables,
  machine: string,
): PodRoute[] {
  if (!hasOwnRoutes(cluster)) return [];
  const known = knownSubnets(tables);
  const taken = new Set(known.values());
  const free = subnetsOf(cluster).filter((subnet) => !taken.has(subnet));
  const declared = nodesOf(cluster).map(({ name, address }) => {
    const subnet = known.get(name) ?? free.shift();
    if (subnet === undefined) throw noRoom(cluster, taken.size);
    return { name, subnet, address };
  });
  const others = (tables.get(machine) ?? []).filter(
    ({ name }) =>
      !cluster.nodes.some((node) => node.name === name) &&
      (leaving.some((node) => node.name === name) || isKnownToAll(tables, name)),
  );
  return [...declared, ...others].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Who left while a machine was away is still in that machine's file, and in no other. */
const isKnownToAll = (tables: Tables, name: string): boolean =>
  [...tables.values()].every((table) => table.length === 0 || table.some((route) => route.name === name));

/** What a machine says of itself comes first. */
function knownSubnets(tables: Tables): Map<string, string> {
  const all = [...tables].flatMap(([machine, table]) =>
    table.map((route) => ({ ...route, isOwn: route.name === machine })),
  );
  return new Map(
    all.sort((a, b) => Number(a.isOwn) - Number(b.isOwn)).map(({ name, subnet }) => [name, subnet]),
  );
}

/** In their order; the first one stays unused, as with flannel. */
function subnetsOf({ network }: Cluster): string[] {
  const range = parseRange(network.podCidr);
  const addresses = 2 ** (32 - SUBNET_BITS);
  const count = Math.floor(size(range) / addresses) - 1;
  return Array.from({ length: count }, (_, index) => `${nth(range, (index + 1) * addresses)}/${SUBNET_BITS}`);
}

const noRoom = ({ network }: Cluster, taken: number): HardwayError =>
  new HardwayError(
    'IMPOSSIBLE',
    `network.podCidr ${network.podCidr} has no subnet left for another machine`,
    {
      evidence: [`${taken} are given out`],
      remedy: 'A machine that left for good gives its subnet back: hardway node remove <name>.',
    },
  );
