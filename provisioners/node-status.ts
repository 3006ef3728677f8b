import type { NodeStatus } from '../src/cli/product.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { sh } from '../src/connection/quote.ts';
import { kubectl } from './resources/manifest.ts';
import { byRole } from './scope.ts';

/** What the API says of a node. */
export interface LiveNode {
  readonly ready: string;
  readonly reason: string;
  readonly version: string;
  readonly internalIP: string;
}

const columns = [
  '{.metadata.name}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.status.nodeInfo.kubeletVersion}',
  '{.status.addresses[?(@.type=="InternalIP")].address}',
  '{.status.conditions[?(@.type=="Ready")].message}',
].join('|');

/** null: the API does not answer. */
export async function liveNodes(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
): Promise<ReadonlyMap<string, LiveNode> | null> {
  const master = byRole(cluster, 'master').find(({ name }) => machines.has(name));
  const connection = master && machines.get(master.name);
  if (connection === undefined) return null;
  const template = `{range .items[*]}${columns}{"\\n"}{end}`;
  const result = await connection.run(sh`${kubectl} get nodes --request-timeout=5s -o jsonpath=${template}`, {
    limit: 15,
  });
  if (!result.ok) return null;
  const lines = result.stdout.split('\n').filter((line) => line.includes('|'));
  return new Map(lines.map(parsed));
}

function parsed(line: string): [string, LiveNode] {
  const [name = '', ready = '', version = '', internalIP = '', reason = ''] = line.split('|');
  return [name, { ready, version, internalIP, reason }];
}

/** One line of the node table. */
export function nodeStatus(
  node: Node,
  live: ReadonlyMap<string, LiveNode> | null,
  there: boolean,
): NodeStatus {
  const base = { name: node.name, roles: node.roles, address: node.address };
  const found = live?.get(node.name);
  const none = { internalIP: '', version: '' };
  if (!there) return { ...base, ...none, state: 'not there' };
  if (live === null) return { ...base, ...none, state: 'unknown: the API does not answer' };
  if (found === undefined) return { ...base, ...none, state: 'not registered' };
  const state = found.ready === 'True' ? 'Ready' : `NotReady: ${found.reason}`;
  return { ...base, state, internalIP: found.internalIP, version: found.version };
}
