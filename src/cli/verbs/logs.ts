import { isDuration, secondsIn } from '../../cluster/duration.ts';
import { StateError, UsageError } from '../../errors.ts';
import { printable } from '../../report/printable.ts';
import { redact } from '../../report/redact.ts';
import { lastOutput } from '../../state/runs.ts';
import { exitCode } from '../exit-codes.ts';
import { connectionTo, refuseStranger } from '../machine.ts';
import type { Product } from '../product.ts';
import { refuseTogether } from '../refuse-together.ts';
import { openSession, type Session } from '../session.ts';
import { readLogs, type Wanted } from '../unit-logs.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type Given, type Verb, verb } from '../verb.ts';

/** When nothing is said about how much. */
const LINES = 100;

export const logs = (product: Product): Verb =>
  verb(
    'logs <machine> [unit]',
    'Show what the services of a machine write; --run: what the last run’s commands wrote there',
    (yargs) =>
      yargs
        .positional('machine', { type: 'string', demandOption: true })
        .positional('unit', { type: 'string', describe: 'default: all that make it what it is' })
        .option('follow', {
          type: 'boolean',
          default: false,
          describe: 'go on with what comes, until Ctrl-C',
        })
        .option('since', { type: 'string', describe: 'only the last 10m, 2h, 1d' })
        .option('lines', {
          type: 'string',
          describe: `how many at most; default ${LINES}, or all of --since`,
        })
        .option('run', { type: 'boolean', default: false, describe: 'of the last run instead' })
        .example('$0 logs master kube-apiserver --follow', 'one service, as it writes')
        .example('$0 logs minion-1 --since 10m', 'all of them, the last ten minutes'),
    async (given) => {
      refuseTogether(given, 'run', ['unit', 'follow', 'since', 'lines']);
      const session = openSession(given);
      try {
        return given['run'] === true ? await ofRun(session, given) : await ofUnits(product, session, given);
      } finally {
        await session.close();
      }
    },
  );

async function ofRun(session: Session, given: Given): Promise<number> {
  const { name } = refuseStranger(session, String(given['machine']));
  const text = await lastOutput(session.state, name);
  if (text === null) throw new StateError(`no command of a run has written anything on ${name} yet`);
  process.stdout.write(redact(printable(text)));
  return exitCode.done;
}

async function ofUnits(product: Product, session: Session, given: Given): Promise<number> {
  const machine = String(given['machine']);
  const node = refuseStranger(session, machine);
  const { units: unitsOf, podFiles } = await product.hand();
  const own = unitsOf(session.cluster, node);
  const units = given['unit'] === undefined ? own : [unitNamed(given['unit'])];
  const wanted = { units, podFiles, ...amount(given) };
  const connection = await connectionTo(session, machine);
  if (given['unit'] === undefined && !given.quiet) process.stderr.write(`${machine}: ${units.join(', ')}\n`);
  const { signal, release } = untilInterrupted();
  const onLine = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    await readLogs(machine, connection, wanted, { onLine, follow: given['follow'] === true, signal });
  } finally {
    release();
  }
  return exitCode.done;
}

function unitNamed(given: unknown): string {
  const name = String(given);
  if (/^[A-Za-z0-9:_.@\\-]+$/.test(name) && !name.startsWith('-')) return name;
  throw new UsageError(`${JSON.stringify(name)} is no name of a unit`);
}

function amount({ since, lines }: Given): Pick<Wanted, 'lines' | 'since'> {
  const age = since === undefined ? null : String(since);
  if (age !== null && !isDuration(age))
    throw new UsageError(`--since ${age} is no length of time; write 10m, 2h or 1d`);
  if (lines !== undefined && !/^\d{1,7}$/.test(String(lines)))
    throw new UsageError(`--lines ${String(lines)} is no number`);
  const most = lines === undefined ? (age === null ? LINES : null) : Number(lines);
  return { since: age === null ? null : secondsIn(age), lines: most };
}
