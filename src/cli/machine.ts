import { nearest } from '../cluster/suggest.ts';
import type { SshTarget } from '../cluster/model.ts';
import type { Connection } from '../connection/connection.ts';
import { UsageError } from '../errors.ts';
import { readOne, targetOf } from '../state/inventory.ts';
import type { Session } from './session.ts';

/** How one machine of the cluster is reached. Throws UsageError for a stranger, or one that nobody told of. */
export async function endpointOf(session: Session, name: string): Promise<SshTarget | 'local'> {
  const { ssh } = refuseStranger(session, name);
  if (ssh !== null) return ssh;
  const told = await readOne(session.state, name);
  if (told === null) throw neverThere(name);
  return targetOf(told);
}

/** An open connection to one machine. Throws as above, and ConnectionError. */
export async function connectionTo(session: Session, name: string): Promise<Connection> {
  refuseStranger(session, name);
  const machine = (await session.machines()).find((one) => one.name === name);
  if (machine?.connection == null) throw neverThere(name);
  await machine.connection.connect();
  return machine.connection;
}

const neverThere = (name: string): UsageError =>
  new UsageError(`${name} was never brought up: nobody has told where it is`, {
    remedy: 'hardway lab starts machines here; others say where they are under "ssh" in cluster.json.',
  });

export function refuseStranger({ cluster }: Session, name: string): Session['cluster']['nodes'][number] {
  const node = cluster.nodes.find((one) => one.name === name);
  if (node !== undefined) return node;
  const names = cluster.nodes.map((one) => one.name);
  const meant = nearest(name, names);
  throw new UsageError(`there is no machine ${name} in ${cluster.name}`, {
    remedy: `There are: ${names.join(', ')}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`,
  });
}
