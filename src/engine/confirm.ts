import type { Connection } from '../connection/connection.ts';
import { MachineError } from '../errors.ts';
import type { Difference } from '../report/event.ts';
import { differences } from './difference.ts';
import { type Resource, unknown } from './resource.ts';
import { survey } from './survey.ts';

/** What was changed on one machine. */
export interface Changed {
  readonly machine: string;
  readonly connection: Connection;
  readonly resources: readonly Resource[];
}

/** After a change the engine asks again; what still differs is an error. Throws all of them as an AggregateError. */
export async function confirm({ machine, connection, resources }: Changed): Promise<void> {
  const after = await survey(machine, connection, resources);
  const failures: MachineError[] = [];
  for (const resource of resources) {
    const answer = after.get(resource.id) ?? null;
    const left = differences(resource, answer === unknown ? null : answer);
    if (left.length > 0) failures.push(await unconfirmed(machine, connection, resource, left));
  }
  if (failures.length > 0) throw new AggregateError(failures);
}

const unconfirmed = async (
  machine: string,
  connection: Connection,
  resource: Resource,
  left: readonly Difference[],
): Promise<MachineError> =>
  new MachineError(machine, `${resource.id} is still not as desired after it was changed`, {
    evidence: [
      ...left.map(({ key, now, wanted }) => `${key}: is ${String(now)}, should be ${String(wanted)}`),
      ...(await evidenceOf(connection, resource)),
    ],
    remedy: resource.remedy ?? 'Something else may be changing it; look at it on the machine and run again.',
  });

async function evidenceOf(connection: Connection, { evidence }: Resource): Promise<string[]> {
  if (evidence === undefined) return [];
  const { stdout } = await connection.run(evidence, { limit: 15 });
  return stdout.trim().split('\n').slice(-5);
}
