import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import type { Machine } from '../src/engine/converge.ts';
import { settle } from '../src/engine/settle.ts';
import { ConnectionError, MachineError } from '../src/errors.ts';
import type { Report } from '../src/report/event.ts';
import { apiServerReady, nodesReady } from './conditions.ts';
import { kubectl } from './resources/manifest.ts';
import { backInService, drain } from './resources/registration.ts';
import { byRole, isNode, namesOf } from './scope.ts';

export interface Restarting {
  readonly machines: () => Promise<readonly Machine[]>;
  /** Stops and starts the machine itself; what it does is the operator's side's affair. */
  readonly reload: (name: string) => Promise<void>;
  readonly report: Report;
}

/** Seconds until a machine that was started answers again. */
const BOOT = 180;

/** Moves the pods away, restarts the machine, waits until it is Ready again and puts it back into service. */
export async function restart(cluster: Cluster, node: Node, by: Restarting): Promise<void> {
  const connections = new Map((await by.machines()).map(({ name, connection }) => [name, connection]));
  // Another one if there is one: this one's own API server is going away.
  const masters = namesOf(byRole(cluster, 'master'));
  const others = masters.filter((name) => name !== node.name);
  const master = (await awake(others, connections)) ?? masters.find((name) => name === node.name) ?? '';
  const [api, itself] = [connections.get(master), connections.get(node.name)];
  if (master === '')
    throw new MachineError(node.name, 'cannot be restarted: no master is there to move its pods');
  if (!api || !itself) throw new MachineError(node.name, 'cannot be restarted: nobody knows where it is');
  const seconds = cluster.timeouts['drain'] ?? 120;

  const drained = isNode(cluster, node);
  if (drained) await must(master, api, drain(node.name, 'restart', seconds, true), seconds + 30);
  await by.reload(node.name);
  await reconnect(itself);
  await settle(master, api, apiServerReady(cluster), by.report);
  if (!drained) return;
  // Until its lease is renewed the API tells what it knew of the kubelet before.
  const lease = await must(master, api, leaseOf(node.name), 15);
  const renewed = {
    name: 'nodeReady',
    description: `${node.name} to report again`,
    on: [master],
    limit: 120,
  };
  const script = (): Script => sh`[ "$(${verbatim(leaseOf(node.name))})" != ${lease} ]`;
  await settle(master, api, { ...renewed, script }, by.report);
  await settle(master, api, nodesReady(cluster, [node.name]), by.report);
  await must(master, api, backInService(node.name), 30);
}

/** The first of these that is there. */
async function awake(
  names: readonly string[],
  connections: ReadonlyMap<string, Connection | null>,
): Promise<string | undefined> {
  for (const name of names) {
    const connection = connections.get(name);
    try {
      await connection?.connect();
      if (connection) return name;
    } catch {
      // Another one may be there.
    }
  }
  return undefined;
}

const leaseOf = (name: string): Script =>
  sh`${kubectl} get lease --namespace kube-node-lease ${name} --request-timeout=5s -o jsonpath={.spec.renewTime}`;

async function must(machine: string, connection: Connection, script: Script, limit: number): Promise<string> {
  const result = await connection.run(script, { limit });
  if (result.ok) return result.stdout;
  const evidence = result.stderr.trim().split('\n').slice(-8);
  throw new MachineError(machine, `a machine could not be taken out of service (${result.outcome})`, {
    evidence,
    remedy: 'It is in service as before. Run again when its pods can move.',
  });
}

async function reconnect(connection: Connection): Promise<void> {
  await connection.close();
  for (const end = Date.now() + BOOT * 1000; ;) {
    try {
      return await connection.connect();
    } catch (error) {
      const isComing = error instanceof ConnectionError && error.absent;
      if (!isComing || Date.now() > end) throw error;
      await sleep(300);
    }
  }
}
