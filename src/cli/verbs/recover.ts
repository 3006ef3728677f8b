import { HardwayError } from '../../errors.ts';
import { redactedJson } from '../../report/redact.ts';
import { withLock } from '../../state/lock.ts';
import { exitCode } from '../exit-codes.ts';
import type { Recovery, Survivor } from '../hand.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { agreed, onTerminal } from '../question.ts';
import { openSession, type Session } from '../session.ts';
import { table } from '../table.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const recover = (product: Product): Verb =>
  verb(
    'recover',
    'A database that has lost its quorum goes on with one member; the others join it again',
    (yargs) =>
      yargs
        .option('from', { type: 'string', describe: 'the member to go on with; default: who knows most' })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .example('$0 recover', 'says what each member has and what will be lost, then asks'),
    async (given) => {
      const session = openSession(given);
      try {
        return await recovered(product, session, given);
      } finally {
        await session.close();
      }
    },
  );

async function recovered(product: Product, session: Session, given: Given): Promise<number> {
  const { database } = await product.hand();
  const machines = await present(session);
  const found = await database.survivors(session.cluster, machines);
  const chosen = chosenOf(found, given['from'] as string | undefined);
  tell(given, found, chosen);
  if (found.hasQuorum) return exitCode.done;
  if (chosen === null) throw nobody(found);
  if (!(await consent(given, chosen))) return exitCode.failed;
  await withLock(session.state.dir, { who: 'recover', wait: 60 }, () =>
    database.goOnAlone(session.cluster, machines, chosen),
  );
  if (!given.json) process.stdout.write(`${chosen} goes on; the others join it now.\n`);
  const { run } = await import('../run.ts');
  return run(product, session, given, 'up');
}

function chosenOf({ members, best }: Recovery, from: string | undefined): string | null {
  if (from === undefined) return best;
  const member = members.find(({ name }) => name === from);
  if (member?.state === 'alone') return from;
  const able = members.filter(({ state }) => state === 'alone').map(({ name }) => name);
  throw new HardwayError(
    'RECOVER',
    `--from ${from}: ${member === undefined ? 'no such member' : `its database is ${member.state}`}`,
    {
      remedy: able.length === 0 ? 'No member has data.' : `Possible: ${able.join(', ')}.`,
    },
  );
}

const nobody = ({ members }: Recovery): HardwayError =>
  new HardwayError('RECOVER', 'no member that is there has any data', {
    evidence: members.map(({ name, state }) => `${name} is ${state}`),
    remedy: 'Start the machines that are not there; or begin anew: hardway down, then up.',
  });

function tell(given: Given, found: Recovery, chosen: string | null): void {
  if (given.json) {
    process.stdout.write(`${redactedJson({ ...found, chosen })}\n`);
    return;
  }
  const rows = found.members.map(({ name, state, revision, written }) => [
    name,
    state,
    revision === null ? '' : String(revision),
    written === null ? '' : new Date(written * 1000).toISOString(),
  ]);
  process.stdout.write(`${table([['MEMBER', 'DATABASE', 'REVISION', 'LAST WRITTEN'], ...rows])}\n\n`);
  if (found.hasQuorum) process.stdout.write('The database has a quorum: there is nothing to recover.\n');
  else if (chosen !== null) process.stdout.write(`${lost(found.members, chosen)}\n`);
}

function lost(members: readonly Survivor[], chosen: string): string {
  const away = members.filter(({ state }) => state === 'not there').map(({ name }) => name);
  return [
    `${chosen} would go on alone, with what it knows; the others would join it as new members.`,
    away.length === 0
      ? 'Lost is what had not reached it.'
      : `Lost is what had not reached it: what only ${away.join(' and ')} agreed upon since. Their databases must not be started again as they are.`,
    'Every database that is there now is kept beside the new one, in /var/lib/etcd-kept.',
  ].join('\n');
}

async function consent(given: Given, chosen: string): Promise<boolean> {
  if (given['yes'] === true) return true;
  if (given.json || !onTerminal())
    throw new HardwayError('RECOVER', 'nothing was changed: nobody is there to agree', {
      remedy: `To go on with ${chosen}: hardway recover --yes.`,
    });
  return agreed(`Go on with ${chosen} alone?`);
}
