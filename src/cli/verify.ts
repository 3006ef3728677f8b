import type { Connection } from '../connection/connection.ts';
import { survey } from '../engine/survey.ts';
import { MachineError } from '../errors.ts';
import { command } from '../resources/command.ts';
import type { Check, Finding } from './check.ts';
import { present } from './present.ts';
import type { Session } from './session.ts';

export interface Verified {
  /** Each with the name of its check, machine by machine. */
  readonly findings: readonly (Finding & { readonly check: string })[];
  /** Machines of cluster.json that could not be asked. */
  readonly absent: readonly string[];
  /** What a probe comes to when all of it is well, by its name. */
  readonly sums?: Readonly<Record<string, string>>;
}

type Checks = Readonly<Record<string, Check>>;

/** Asks all machines that are there at once, each with one script. Throws MachineError for one that cannot say. */
export async function verify(session: Session, checks: Checks): Promise<Verified> {
  const { nodes } = session.cluster;
  const there = await present(session);
  if (Object.keys(checks).length === 0) return { findings: [], absent: absentOf(session, there) };
  const answers = new Map(
    await Promise.all(
      nodes.flatMap(({ name }) => {
        const connection = there.get(name);
        return connection === undefined ? [] : [ask(session, name, connection, checks)];
      }),
    ),
  );
  const findings = nodes.flatMap((node) =>
    Object.entries(checks).flatMap(([check, { judge }]) => {
      const said = answers.get(node.name)?.get(check);
      return said === undefined
        ? []
        : judge(session.cluster, node, said).map((finding) => ({ check, ...finding }));
    }),
  );
  return { findings, absent: absentOf(session, there) };
}

const absentOf = ({ cluster }: Session, there: ReadonlyMap<string, Connection>): string[] =>
  cluster.nodes.map(({ name }) => name).filter((name) => !there.has(name));

async function ask(
  { cluster }: Session,
  machine: string,
  connection: Connection,
  checks: Checks,
): Promise<[string, ReadonlyMap<string, string>]> {
  const node = cluster.nodes.find(({ name }) => name === machine)!;
  const questions = Object.entries(checks).map(([name, check]) => ({
    id: `check:${name}` as const,
    question: command(check.question(cluster, node), (said) => ({ said })),
  }));
  const answers = await survey(machine, connection, questions);
  const said = Object.keys(checks).map((name): [string, string] => {
    const answer = answers.get(`check:${name}`) ?? null;
    if (answer === null || typeof answer === 'symbol')
      throw new MachineError(machine, `did not answer what ${name} wants to know`, { remedy: 'Run again.' });
    return [name, String(answer['said'])];
  });
  return [machine, new Map(said)];
}
