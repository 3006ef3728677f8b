import type { Connection } from '../../connection/connection.ts';
import { MachineError } from '../../errors.ts';
import { withLock } from '../../state/lock.ts';
import { exitCode } from '../exit-codes.ts';
import { present } from '../present.ts';
import { agreed, onTerminal } from '../question.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

/** Cleans all machines; the state directory stays, so that the same cluster can come back. */
export const down = (product: Product): Verb =>
  verb(
    'down',
    'Take everything of ours off all machines; what ran in the cluster is lost',
    (yargs) =>
      yargs
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .example('$0 down --yes', 'without a question'),
    async (given) => {
      const session = openSession(given);
      try {
        const { madeMachines, removeMachines } = await import('../../lab/qemu/qemu.ts');
        // Of those that we have made nothing stays.
        const made = madeMachines(session.folder);
        const machines = [...(await present(session, (name) => !made.includes(name)))];
        const cleaned = machines.map(([name]) => name);
        if (machines.length + made.length === 0) return say('no machine is there');
        const question = `Erase cluster ${session.cluster.name} on ${[...cleaned, ...made].join(', ')}?`;
        if (given['yes'] !== true && !onTerminal()) {
          return say(`${question} Not without --yes: there is no terminal to ask on. Nothing was changed.`);
        }
        if (given['yes'] !== true && !(await agreed(question))) return say('nothing was changed');
        await withLock(session.state.dir, { who: 'down', wait: 60 }, async () => {
          if (machines.length > 0) await clean(product, session, machines);
          await removeMachines(session.cluster, session.folder);
        });
        const done = [...list('cleaned', cleaned), ...list('ended and deleted', made)].join('; ');
        return say(`${done}; keys and token stay in ${session.state.dir}`);
      } finally {
        await session.close();
      }
    },
  );

async function clean(
  product: Product,
  session: Session,
  machines: readonly (readonly [name: string, connection: Connection])[],
): Promise<void> {
  const { isNew } = await import('../converge.ts');
  const removal = await product.removal(session.cluster, session.state.path('pki'), isNew(session));
  await Promise.all(
    machines.map(async ([name, connection]) => {
      const result = await connection.run(removal, { limit: 180 });
      if (result.ok) return;
      throw new MachineError(name, `could not be cleaned (${result.outcome})`, {
        evidence: result.stderr.trim().split('\n').slice(-8),
        remedy: 'Run again; what is gone already is no problem.',
      });
    }),
  );
}

const list = (what: string, names: readonly string[]): string[] =>
  names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCode.done;
}
