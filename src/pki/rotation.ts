/**
 * One authority takes the place of another, on disk: `<name>.next.crt` and `.key` while the new one is only trusted,
 * `<name>.old.crt` while the old one still is, `<name>.retired.crt` until no machine holds it any more. Each step is
 * whole or can be done again.
 */
import { rename, rm } from 'node:fs/promises';
import { StateError } from '../errors.ts';
import { writeAtomic } from '../state/write-atomic.ts';
import { type AuthoritySpec, newAuthority } from './authority.ts';
import { readIfThere, readPair, writePair } from './pair.ts';

/**
 * steady: one authority. introduced: both are trusted, the old one signs. replaced: both are trusted, the new one signs.
 * retired: only the new one is trusted, and machines have yet to be told.
 */
export type Standing = 'steady' | 'introduced' | 'replaced' | 'retired';

const nextOf = (path: string): string => `${path}.next`;
const oldOf = (path: string): string => `${path}.old.crt`;
const retiredOf = (path: string): string => `${path}.retired.crt`;

/** `path`: of the authority, without suffix. */
export async function rotationStanding(path: string): Promise<Standing> {
  const [now, next, old] = await certificates(path);
  if (next !== null && next !== now) return 'introduced';
  if (old !== null || next !== null) return 'replaced';
  return (await readIfThere(retiredOf(path))) === null ? 'steady' : 'retired';
}

/** Certificates beside the authority's own, empty where there is none. PEM. */
export interface Neighbours {
  readonly old: string;
  readonly next: string;
  /** Not trusted; machines that still trust it are recognized by it. */
  readonly retired: string;
}

export async function neighbours(path: string): Promise<Neighbours> {
  const [, next, old] = await certificates(path);
  return { old: old ?? '', next: next ?? '', retired: (await readIfThere(retiredOf(path))) ?? '' };
}

/** Makes the authority that is to come. */
export async function introduce(path: string, spec: AuthoritySpec): Promise<void> {
  const pair = await readPair(nextOf(path));
  if (pair.certificatePem !== null && pair.keyPem !== null) return;
  const { certificatePem, keyPem } = await newAuthority(spec);
  await writePair(nextOf(path), certificatePem, keyPem);
}

/** From now on the new one signs; the old one's key is gone. */
export async function replace(path: string): Promise<void> {
  const [now, next] = await Promise.all([readPair(path), readPair(nextOf(path))]);
  if (next.certificatePem === null) return;
  if (next.keyPem === null || now.certificatePem === null) {
    throw new StateError(`${nextOf(path)}.key is missing`, { remedy: 'Restore it from a backup.' });
  }
  if (now.certificatePem !== next.certificatePem) {
    await writeAtomic(oldOf(path), now.certificatePem, 0o600);
    await writePair(path, next.certificatePem, next.keyPem);
  }
  await rm(`${nextOf(path)}.crt`);
  await rm(`${nextOf(path)}.key`, { force: true });
}

/** The old one is trusted no more. */
export async function retire(path: string): Promise<void> {
  if ((await readIfThere(oldOf(path))) !== null) await rename(oldOf(path), retiredOf(path));
}

/** No machine trusts it any more. */
export async function forgetRetired(path: string): Promise<void> {
  await rm(retiredOf(path), { force: true });
}

const certificates = (path: string): Promise<[string | null, string | null, string | null]> =>
  Promise.all([readIfThere(`${path}.crt`), readIfThere(`${nextOf(path)}.crt`), readIfThere(oldOf(path))]);
