import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { daysIn } from '../cluster/duration.ts';
import { HardwayError, UsageError } from '../errors.ts';
import { forgetRetired, introduce, replace, retire, rotationStanding } from '../pki/rotation.ts';
import { withLock } from '../state/lock.ts';
import { calendar } from './calendar.ts';
import { isNew } from './converge.ts';
import { exitCode } from './exit-codes.ts';
import type { Product } from './product.ts';
import { openSession, type Session } from './session.ts';
import type { Given } from './verb.ts';

/**
 * Gives the cluster another authority while it works: first both are trusted everywhere, then everything is signed by
 * the new one, then the old one is dropped. Each step is a run that converges all machines; where it stands is kept in
 * the state directory, so what was cut off goes on with the same command. Returns the exit code of the run that failed.
 */
export async function rotateAuthority(product: Product, given: Given, name: string): Promise<number> {
  const { authorities, fixed, rereading } = await product.pki();
  const commonName = authorities[name];
  if (commonName === undefined) {
    throw new UsageError(`there is no authority ${name}`, {
      remedy: `There are: ${Object.keys(authorities).join(', ')}.`,
    });
  }
  const session = openSession(given);
  const reason = fixed(session.cluster);
  if (reason !== null) {
    throw new UsageError(`the authorities of ${session.cluster.name} cannot be rotated: ${reason}`, {
      remedy: 'Certificates can be renewed: hardway pki renew. Another authority is another cluster.',
    });
  }
  if (isNew(session)) {
    throw new UsageError('there is no cluster yet whose authority could be rotated', {
      remedy: 'hardway up',
    });
  }
  const path = session.state.path('pki', name);
  const locked = <T>(work: () => Promise<T>): Promise<T> =>
    withLock(session.state.dir, { who: 'pki rotate-ca', onWait: () => undefined }, work);
  const converge = async (): Promise<number> =>
    (await import('./run.ts')).run(product, openSession(given), given, 'up');
  const say = (text: string): void => {
    if (!given.json && !given.quiet) process.stdout.write(`${text}\n`);
  };
  const unfinished = (code: number): number => {
    say(
      `The rotation of ${name} is not over; nothing is lost. It goes on with: hardway pki rotate-ca ${name}`,
    );
    return code;
  };

  const standing = await locked(() => rotationStanding(path));
  if (standing !== 'steady') say(`going on with a rotation of ${name} that is under way`);
  if (standing === 'steady')
    await locked(() => introduce(path, { commonName, days: daysIn(session.cluster.pki.caValidity) }));
  if (standing === 'steady' || standing === 'introduced') {
    say(`1 of 3: a new ${name} is made; all machines trust both`);
    const code = await converge();
    if (code !== exitCode.done) return unfinished(code);
    const seconds = rereading[name] ?? 0;
    if (seconds > 0) say(`waiting ${seconds} s: by then whoever trusts the ${name} has read it again`);
    await setTimeout(seconds * 1000);
    await locked(() => replace(path));
  }
  if (standing !== 'retired') {
    say(`2 of 3: everything is signed by the new ${name}`);
    const code = await converge();
    if (code !== exitCode.done) return unfinished(code);
    await refuseLeftovers(product, session, path, name);
    await locked(() => retire(path));
  }
  say(`3 of 3: the old ${name} is trusted no more`);
  const code = await converge();
  if (code !== exitCode.done) return unfinished(code);
  await locked(() => forgetRetired(path));
  return code;
}

/** Whoever still held a certificate of the old one would be shut out. */
async function refuseLeftovers(
  product: Product,
  session: Session,
  path: string,
  name: string,
): Promise<void> {
  const oldFile = `${path}.old.crt`;
  if (!existsSync(oldFile)) return;
  const { publicKey } = new X509Certificate(readFileSync(oldFile));
  const { entries, absent } = await calendar(await product.pki(), session).finally(() => session.close());
  const left = entries
    .filter(({ isAuthority, pem }) => !isAuthority && new X509Certificate(pem).verify(publicKey))
    .map(({ machine, place, subject }) => `${machine || 'here'}: ${place} (${subject})`);
  const unseen = absent.map((machine) => `${machine} is not there`);
  if (left.length + unseen.length === 0) return;
  throw new HardwayError('ROTATION', `the old ${name} is still needed; both stay trusted`, {
    evidence: [...left, ...unseen],
    remedy: `When that is gone: hardway pki rotate-ca ${name}`,
  });
}
