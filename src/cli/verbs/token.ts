import { secondsIn } from '../../cluster/duration.ts';
import { asError } from '../../engine/as-error.ts';
import { withLock } from '../../state/lock.ts';
import { prepareToken, rotateToken } from '../../state/token.ts';
import { exitCode } from '../exit-codes.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

export const token = (product: Product): Verb =>
  verb(
    'token [action]',
    'Print the join token, or make a new one: token rotate',
    (yargs) =>
      yargs
        .positional('action', { choices: ['show', 'rotate'] as const, default: 'show' })
        .example('$0 token rotate', 'the cluster takes no older one any more'),
    async (given) => {
      const session = openSession(given);
      try {
        const value = given['action'] === 'rotate' ? await rotate(product, session) : await shown(session);
        process.stdout.write(`${value}\n`);
        return exitCode.done;
      } finally {
        await session.close();
      }
    },
  );

async function shown({ cluster, state }: Session): Promise<string> {
  const { value, keep } = await prepareToken(state, secondsIn(cluster.token.ttl));
  await keep();
  return value;
}

/** Not while a run lets machines join with the old one. */
const rotate = (product: Product, session: Session): Promise<string> =>
  withLock(session.state.dir, { who: 'token rotate', wait: 60 }, async () => {
    const value = await rotateToken(session.state);
    const reason = await revoke(product, session).catch((error: unknown) => asError(error).message);
    const { ttl } = session.cluster.token;
    process.stderr.write(
      reason === null
        ? 'the cluster takes no older token\n'
        : `! ${reason}: an older token that the cluster still has ends by itself, ${ttl} after it was put there\n`,
    );
    return value;
  });

/** Why the cluster could not be told; null: it was. */
async function revoke(product: Product, session: Session): Promise<string | null> {
  const { on, script } = await product.revocation(session.cluster);
  const machines = await present(session);
  const connection = on.map((name) => machines.get(name)).find(Boolean);
  if (connection === undefined) return `${on.join(', ')} is not there`;
  const result = await connection.run(script, { limit: 30 });
  return result.ok ? null : `${connection.label}: the API does not answer`;
}
