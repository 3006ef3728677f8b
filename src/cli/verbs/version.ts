import { readFileSync } from 'node:fs';
import type { Connection } from '../../connection/connection.ts';
import { MachineError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';
import { printable } from '../../report/printable.ts';
import { redactedJson } from '../../report/redact.ts';
import { exitCode } from '../exit-codes.ts';
import type { Versions } from '../hand.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { table } from '../table.ts';
import { type Verb, verb } from '../verb.ts';

export const version = (product: Product): Verb =>
  verb(
    'version',
    'Show versions: of Hardway and what it installs, or with --nodes of everything on every machine',
    (yargs) =>
      yargs
        .option('nodes', {
          type: 'boolean',
          default: false,
          describe: 'as the programs there print them (exit 1: some do not go together)',
        })
        .example('$0 version --nodes', 'what differs from what is installed by now is marked'),
    async (given) => {
      const session = openSession(given);
      try {
        const { versions } = await product.hand();
        const found = await asked(versions, session, given['nodes'] === true ? await present(session) : null);
        process.stdout.write(`${given.json ? redactedJson(found) : printable(text(found))}\n`);
        return found.problems.length === 0 ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

type ByProgram = Readonly<Record<string, string>>;

export interface AllVersions {
  readonly hardway: string;
  /** What a run installs. */
  readonly wanted: ByProgram;
  readonly machines: Readonly<Record<string, ByProgram>>;
  readonly absent: readonly string[];
  readonly problems: readonly string[];
}

/** What a run installs, and what is on the machines that are there; null: none is to be asked. */
export async function asked(
  versions: Versions,
  { cluster }: Session,
  there: ReadonlyMap<string, Connection> | null,
): Promise<AllVersions> {
  const known = cluster.nodes.map((node) => ({ node, connection: there?.get(node.name) }));
  const answers = await Promise.all(
    known.map(async ({ node, connection }): Promise<[string, ByProgram][]> => {
      if (connection === undefined) return [];
      const { ok, stdout, stderr } = await connection.run(versions.script(cluster, node), { limit: 30 });
      if (ok) return [[node.name, versions.read(stdout)]];
      const evidence = stderr.trim().split('\n').slice(-3);
      throw new MachineError(node.name, 'cannot tell its versions', { evidence });
    }),
  );
  const machines = new Map(answers.flat());
  return {
    hardway:
      (JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as ByProgram)['version'] ?? '',
    wanted: versions.wanted(cluster),
    machines: Object.fromEntries(machines),
    absent: known.flatMap(({ node, connection }) =>
      there !== null && connection === undefined ? [node.name] : [],
    ),
    problems: versions.problems(machines),
  };
}

/** One line for all machines that have the same version of a thing. */
function text({ hardway, wanted, machines, absent, problems }: AllVersions): string {
  const all = Object.entries(machines);
  if (all.length === 0 && absent.length === 0)
    return table([['hardway', hardway], ...Object.entries(wanted)]);
  const programs = [...new Set(all.flatMap(([, versions]) => Object.keys(versions)))];
  const rows = programs.flatMap((program) => {
    const holders = new Map<string, string[]>();
    for (const [name, { [program]: version }] of all)
      if (version !== undefined) holders.set(version, [...(holders.get(version) ?? []), name]);
    return [...holders].map(([version, names]) => {
      const other = wanted[program] !== undefined && wanted[program] !== version;
      return [program, version, names.join(', '), other ? `! a run installs ${wanted[program]}` : ''];
    });
  });
  return [
    table([['PROGRAM', 'VERSION', 'MACHINES', ''], ...rows]),
    ...absent.map((name) => `! ${name} is not there: nothing is known about it`),
    ...problems.map((problem) => `✗ ${problem}`),
  ].join('\n');
}
