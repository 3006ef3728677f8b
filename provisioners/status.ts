import type { ClusterStatus, NodeStatus } from '../src/cli/product.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { sh } from '../src/connection/quote.ts';
import { apiServerReady, etcdHasQuorum, nodesReady, rolledOut } from './conditions.ts';
import { check } from '../src/engine/settle.ts';
import { kubectl } from './resources/manifest.ts';
import { byRole } from './scope.ts';

/** Every machine, every service, every node; one sentence for each thing that is not as it should be. */
export async function status(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  patience: number,
): Promise<ClusterStatus> {
  const waiting = unmetConditions(cluster, machines, patience);
  if (patience > 0) await waiting;
  const [services, live, conditions] = await Promise.all([
    Promise.all(cluster.nodes.map((node) => stoppedServices(node, machines.get(node.name)))),
    liveNodes(cluster, machines),
    waiting,
  ]);
  const nodes = cluster.nodes.map((node) => nodeStatus(node, live, machines.has(node.name)));
  const unready = nodes
    .filter(({ state }) => state !== 'Ready')
    .map(({ name, state }) => `${name} is ${state}`);
  return { nodes, problems: [...services.flat(), ...conditions, ...unready] };
}

const servicesOf = (node: Node): string[] => [
  ...(node.roles.includes('etcd') ? ['etcd'] : []),
  ...(node.roles.includes('master') ? ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : []),
  ...['containerd', 'flanneld', 'kubelet', 'kube-proxy'],
];

async function stoppedServices(node: Node, connection: Connection | undefined): Promise<string[]> {
  if (connection === undefined) return [];
  const names = servicesOf(node);
  const result = await connection.run(sh`systemctl is-active ${names}`, { limit: 15 });
  const states = result.stdout.split('\n');
  return names
    .map((name, index) => ({ name, state: states[index] ?? 'unknown' }))
    .filter(({ state }) => state !== 'active')
    .map(({ name, state }) => `${node.name}: ${name} is ${state}; see: journalctl -u ${name}`);
}

interface LiveNode {
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
];

/** null: the API does not answer. */
async function liveNodes(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
): Promise<ReadonlyMap<string, LiveNode> | null> {
  const master = byRole(cluster, 'master').find(({ name }) => machines.has(name));
  const connection = master && machines.get(master.name);
  if (connection === undefined) return null;
  const template = `{range .items[*]}${columns.join('{"|"}')}{"\\n"}{end}`;
  const result = await connection.run(sh`${kubectl} get nodes --request-timeout=5s -o jsonpath=${template}`, {
    limit: 15,
  });
  if (!result.ok) return null;
  const rows = result.stdout
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => line.split('|'));
  return new Map(
    rows.map(([name = '', ready = '', version = '', internalIP = '', reason = '']) => [
      name,
      { ready, version, internalIP, reason },
    ]),
  );
}

async function unmetConditions(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  patience: number,
): Promise<string[]> {
  const present = cluster.nodes.map(({ name }) => name).filter((name) => machines.has(name));
  const conditions = [
    etcdHasQuorum(cluster),
    apiServerReady(cluster),
    ...(patience > 0 ? [nodesReady(cluster, present)] : []),
    ...(cluster.addons.includes('coredns') ? [rolledOut(cluster, 'kube-system', 'coredns')] : []),
  ];
  const asked = conditions.flatMap((condition) =>
    condition.on.map(async (name) => {
      const connection = machines.get(name);
      if (connection === undefined) return [];
      const answer = await check(name, connection, condition, patience);
      return answer.met ? [] : [`${name} still waits for ${condition.description}: ${answer.reason}`];
    }),
  );
  return (await Promise.all(asked)).flat();
}

function nodeStatus(node: Node, live: ReadonlyMap<string, LiveNode> | null, there: boolean): NodeStatus {
  const base = { name: node.name, roles: node.roles, address: node.address };
  const found = live?.get(node.name);
  const none = { internalIP: '', version: '' };
  if (!there) return { ...base, ...none, state: 'not there' };
  if (live === null) return { ...base, ...none, state: 'unknown: the API does not answer' };
  if (found === undefined) return { ...base, ...none, state: 'not registered' };
  const state = found.ready === 'True' ? 'Ready' : `NotReady: ${found.reason}`;
  return { ...base, state, internalIP: found.internalIP, version: found.version };
}
