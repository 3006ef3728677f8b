import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../cluster/model.ts';
import { StateError } from '../errors.ts';
import { type Machine, ownMachine, readInventory, readOne, writeMachine } from '../state/inventory.ts';
import type { Session } from './session.ts';

/** Keeps where a machine is and what it is in the cluster, so that it can leave when cluster.json has forgotten it. */
export async function remember({ cluster, state }: Session, machine: Machine): Promise<void> {
  const node = cluster.nodes.find(({ name }) => name === machine.name);
  const known = await readOne(state, machine.name);
  const now = node === undefined ? machine : { ...machine, roles: node.roles, address: node.address };
  if (!isDeepStrictEqual(known, now)) await writeMachine(state, now);
}

/** The machines that cluster.json itself tells how to reach. */
export async function rememberOwn(session: Session): Promise<void> {
  await Promise.all(
    session.cluster.nodes.map(async ({ name, ssh }) => {
      if (ssh !== null) await remember(session, ownMachine(name, ssh));
    }),
  );
}

/** Machines that we brought up and that cluster.json no longer has. Throws StateError when nobody would stay. */
export async function leavingNodes({ cluster, state }: Session): Promise<Node[]> {
  const declared = new Set(cluster.nodes.map(({ name }) => name));
  const leaving = (await readInventory(state)).filter(({ name }) => !declared.has(name));
  const lacking = (['etcd', 'master'] as const).filter(
    (role) => !cluster.nodes.some(({ roles }) => roles.includes(role)),
  );
  const keeper = leaving.find(({ roles = [] }) => lacking.some((role) => roles.includes(role)));
  if (keeper !== undefined) {
    throw new StateError(`${keeper.name} holds the cluster’s data and its control plane: it cannot leave`, {
      remedy:
        'Put it back into cluster.json, or another one beside it; or end this cluster with it there: hardway down.',
    });
  }
  return leaving.map(({ name, host, roles = ['minion'], address = host }) => ({
    ...{ name, roles, address, interface: null, labels: {}, taints: [], ssh: null },
    ...{ cpus: 0, memory: 0, disk: 0 },
  }));
}
