import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { printable } from '../../report/printable.ts';
import { redact, redactedJson } from '../../report/redact.ts';
import { exitCode } from '../exit-codes.ts';
import type { Database, DatabaseStatus } from '../hand.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { table } from '../table.ts';
import { untilInterrupted } from '../until-interrupted.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const etcd = (product: Product): Verb =>
  verb(
    'etcd <action>',
    'Look after the database: its health (exit 1: it is not well), a copy of it, its size',
    (yargs) =>
      yargs
        .positional('action', { choices: ['status', 'snapshot', 'defrag'] as const, demandOption: true })
        .option('to', { type: 'string', describe: 'snapshot: the file; default: below .hardway/snapshots' })
        .example('$0 etcd status', 'members, leader, sizes, revision, alarms')
        .example('$0 etcd snapshot --to before-upgrade.db', 'a verified copy, on this computer')
        .example('$0 etcd defrag', 'one member at a time, the leader last'),
    async (given) => {
      if (given['to'] !== undefined && given['action'] !== 'snapshot')
        throw new UsageError('--to says something about snapshot only');
      const session = openSession(given);
      try {
        const { database } = await product.hand();
        return await actions[String(given['action'])]!(database, session, given);
      } finally {
        await session.close();
      }
    },
  );

type Action = (database: Database, session: Session, given: Given) => Promise<number>;

const actions: Readonly<Record<string, Action>> = {
  async status(database, session, given) {
    const found = await database.status(session.cluster, await present(session));
    tell(given, found, statusText(found));
    return found.problems.length === 0 ? exitCode.done : exitCode.failed;
  },
  async snapshot(database, session, given) {
    const file = resolve(typeof given['to'] === 'string' ? given['to'] : usualPlace(session));
    if (existsSync(file))
      throw new UsageError(`${file} exists`, { remedy: 'Name another file, or remove it.' });
    const { signal, release } = untilInterrupted();
    const found = await database
      .snapshot(session.cluster, await present(session), file, signal)
      .finally(release);
    const { member, size, revision, keys, sha256 } = found;
    tell(
      given,
      { file, ...found },
      `${file}: ${mib(size)}, revision ${revision}, ${keys} keys, from ${member}, verified (sha256 ${sha256})
Secrets in it are encrypted with the cluster's key; everything else is readable: keep it as closed as it is (0600).`,
    );
    return exitCode.done;
  },
  async defrag(database, session, given) {
    await database.defragment(session.cluster, await present(session), (one) =>
      tell(given, one, `${one.member}: ${mib(one.before)} → ${mib(one.after)}`),
    );
    return exitCode.done;
  },
};

const usualPlace = ({ cluster, state }: Session): string =>
  state.path('snapshots', `${cluster.name}-${new Date().toISOString().replace(/[:-]|\.\d+/g, '')}.db`);

function tell({ json }: Given, data: object, text: string): void {
  process.stdout.write(`${json ? redactedJson(data) : redact(printable(text))}\n`);
}

const mib = (bytes: number | null): string => (bytes === null ? '' : `${(bytes / 1048576).toFixed(1)} MiB`);

function statusText({ members, problems }: DatabaseStatus): string {
  const rows = members.map((one) => [
    ...[one.name, one.address, one.state, one.role ?? ''],
    ...[mib(one.size), mib(one.inUse), String(one.revision ?? ''), String(one.term ?? '')],
    ...[one.version ?? '', one.alarms.join(',') || 'none'],
  ]);
  const head = [
    'MEMBER',
    'ADDRESS',
    'STATE',
    'ROLE',
    'SIZE',
    'IN USE',
    'REVISION',
    'TERM',
    'VERSION',
    'ALARMS',
  ];
  const verdict = problems.length === 0 ? ['healthy'] : problems.map((problem) => `✗ ${problem}`);
  return [table([head, ...rows]), '', ...verdict].join('\n');
}
