import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { State } from '../state/directory.ts';
import { withLock } from '../state/lock.ts';
import { isNew } from './converge.ts';
import { exitCode } from './exit-codes.ts';
import type { Product } from './product.ts';
import type { Session } from './session.ts';
import { table } from './table.ts';
import { count } from './verdict.ts';
import type { Given } from './verb.ts';

/** Makes what is missing of keys and certificates, as a run would; asks no machine. What is there stays as it is. */
export async function initPki(product: Product, session: Session, given: Given): Promise<number> {
  const { cluster, state } = session;
  const made = await withLock(state.dir, { who: 'pki init' }, async () => {
    const before = filesIn(state);
    await (await product.prepare(cluster, state, isNew(session))).keep();
    return [...filesIn(state)].filter(([file, time]) => before.get(file) !== time).length;
  });
  const authorities = Object.keys((await product.pki()).authorities).map((name) => {
    const pem = readFileSync(state.path('pki', `${name}.crt`), 'utf8');
    return { name, fingerprint: new X509Certificate(pem).fingerprint256 };
  });
  const rows = authorities.map(({ name, fingerprint }) => [name, fingerprint]);
  const done = made === 0 ? 'all of it was there already' : `${count(made, 'file')} written`;
  process.stdout.write(
    given.json
      ? `${JSON.stringify({ folder: state.path('pki'), made, authorities })}\n`
      : `${table([['AUTHORITY', 'SHA-256'], ...rows])}\n\n${state.path('pki')}: ${done}; hardway up uses these\n`,
  );
  return exitCode.done;
}

/** When each was written. */
function filesIn(state: State): ReadonlyMap<string, number> {
  const folder = state.path('pki');
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  const all = names.map((name) => ({ name, stat: statSync(join(folder, name)) }));
  return new Map(all.filter(({ stat }) => stat.isFile()).map(({ name, stat }) => [name, stat.mtimeMs]));
}
