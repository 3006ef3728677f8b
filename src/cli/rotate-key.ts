import type { Node } from '../cluster/model.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { type EncryptionKey, encryptionKeys, writeKeys } from '../state/encryption-keys.ts';
import { onlyFirst, standingOf, turned, withNew, withOldRetired } from '../state/key-rotation.ts';
import { isNew, runRecipe } from './converge.ts';
import { present } from './present.ts';
import type { Product } from './product.ts';
import { leavingNodes } from './remember.ts';
import type { Session } from './session.ts';

/** One part of a rotation: what is told, and what is kept when it is done. */
interface Part {
  readonly told: string;
  act(): Promise<readonly EncryptionKey[]>;
}

/**
 * Encrypts all Secrets with a new key. After every part the keys are kept as they are then, so whoever calls this again
 * goes on where it ended; a plain run in between rolls out what is kept, and any of it reads everything.
 */
export async function rotateKey(product: Product, session: Session, report: Report): Promise<void> {
  const { cluster, state } = session;
  if (isNew(session))
    throw new HardwayError('NO_CLUSTER', `${cluster.name} was never brought up: nothing is encrypted yet`);
  let { keys } = await encryptionKeys(state, cluster.security.encryption, false);
  if (standingOf(keys) !== 'at rest')
    report({ type: 'note', text: 'going on with the rotation that was begun' });
  do {
    const part = await next(product, session, keys, report);
    report({ type: 'note', text: part.told });
    keys = await part.act();
    await writeKeys(state, keys);
  } while (standingOf(keys) !== 'at rest');
}

async function next(
  product: Product,
  session: Session,
  keys: readonly EncryptionKey[],
  report: Report,
): Promise<Part> {
  const { cluster } = session;
  const atRest = await product.atRest(cluster);
  const roll = async (): Promise<void> => {
    await rollOut(product, session, atRest.phase, report);
    await atRest.ready(await present(session));
  };
  const [first, second] = keys;
  const parts: Readonly<Record<ReturnType<typeof standingOf>, Part>> = {
    'at rest': {
      told: `1/5 a new key is made (${cluster.security.encryption})`,
      act: async () => withNew(keys, cluster.security.encryption),
    },
    reading: {
      told: `2/5 every API server learns to read with ${second?.name}`,
      act: async () => {
        await roll();
        return turned(keys);
      },
    },
    writing: {
      told: `3/5 every API server writes with ${first?.name}; then all Secrets are written again`,
      act: async () => {
        await roll();
        const number = first === undefined ? 0 : await atRest.rewrite(await present(session), first);
        report({
          type: 'note',
          text: `4/5 the database shows ${number} Secrets, all of them with ${first?.name}`,
        });
        return withOldRetired(keys);
      },
    },
    leaving: {
      told: `5/5 ${second?.name} is taken away from every API server`,
      act: async () => {
        await roll();
        return onlyFirst(keys);
      },
    },
  };
  return parts[standingOf(keys)];
}

/** The kept keys, on every master. Nothing goes on while one of them is not there: it could not read what comes. */
async function rollOut(product: Product, session: Session, phase: string, report: Report): Promise<void> {
  const outcome = await runRecipe(product, session, {
    ...{ report: quiet(report), planOnly: false, leaving: await leavingNodes(session) },
    selection: { phase: (name) => name === phase, machine: () => true },
  });
  const [failure] = outcome.failures;
  if (failure !== undefined) throw failure;
  const absent = session.cluster.nodes.filter(
    (node) => isMaster(node) && outcome.awaiting.includes(node.name),
  );
  const [reason] = [...absent.map(({ name }) => `${name} is not there`), ...outcome.deferred];
  if (reason === undefined) return;
  throw new HardwayError('UNFINISHED', `the rotation cannot go on: ${reason}`, {
    remedy: 'Nothing is lost: everything stays readable. When it is well again: hardway security rotate-key.',
  });
}

/** What machines are like was told by many a run before. */
const quiet =
  (report: Report): Report =>
  (event) =>
    event.type === 'note' ? undefined : report(event);

const isMaster = ({ roles }: Node): boolean => roles.includes('master');
