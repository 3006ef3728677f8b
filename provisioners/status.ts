import type { ClusterStatus } from '../src/cli/product.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { lines } from '../src/connection/quote.ts';
import { apiServerReady, etcdHasQuorum, nodesReady, servicesStarted } from './conditions.ts';
import { rolledOut } from './rollouts.ts';
import { askedOf } from '../src/engine/needs.ts';
import { check } from '../src/engine/settle.ts';
import { liveNodes, nodeStatus } from './node-status.ts';
import { nodesOf, namesOf } from './scope.ts';
import { servicesOf } from './services.ts';
import { stateOf } from './whereabouts.ts';

/** Every machine, every service, every node; one sentence for each thing that is not as it should be. */
export async function status(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  patience: number,
): Promise<ClusterStatus> {
  const waiting = unmetConditions(cluster, machines, patience);
  if (patience > 0) await waiting;
  const [services, live, conditions] = await Promise.all([
    Promise.all(cluster.nodes.map((node) => stoppedServices(cluster, node, machines.get(node.name)))),
    liveNodes(cluster, machines),
    waiting,
  ]);
  const nodes = nodesOf(cluster).map((node) => nodeStatus(node, live, machines.has(node.name)));
  const unready = nodes
    .filter(({ state }) => state !== 'Ready')
    .map(({ name, state }) => `${name} is ${state}`);
  return { nodes, problems: [...services.flat(), ...conditions, ...unready] };
}

async function stoppedServices(
  cluster: Cluster,
  node: Node,
  connection: Connection | undefined,
): Promise<string[]> {
  if (connection === undefined) return [];
  const names = servicesOf(cluster, node);
  const result = await connection.run(lines(...names.map(stateOf)), { limit: 15 });
  const states = result.stdout.split('\n');
  return names
    .map((name, index) => ({ name, state: states[index] ?? 'unknown' }))
    .filter(({ state }) => state !== 'active')
    .map(({ name, state }) => `${node.name}: ${name} is ${state}; see: hardway logs ${node.name} ${name}`);
}

async function unmetConditions(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  patience: number,
): Promise<string[]> {
  const present = namesOf(nodesOf(cluster)).filter((name) => machines.has(name));
  const conditions = [
    etcdHasQuorum(cluster),
    apiServerReady(cluster),
    ...(patience > 0 ? [servicesStarted(cluster), nodesReady(cluster, present)] : []),
    ...(cluster.addons['coredns'] !== undefined ? [rolledOut(cluster, 'kube-system', 'coredns')] : []),
  ];
  const asked = conditions.flatMap((condition) =>
    askedOf(condition, machines).map(async (name) => {
      const connection = machines.get(name);
      if (connection === undefined) return [];
      const answer = await check(name, connection, condition, patience);
      return answer.met ? [] : [`${name} still waits for ${condition.description}: ${answer.reason}`];
    }),
  );
  return (await Promise.all(asked)).flat();
}
