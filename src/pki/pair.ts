/** A certificate and its key on disk, `<path>.crt` and `<path>.key`: replaced together or not at all. */
import { chmod, readFile, rename, rm, stat } from 'node:fs/promises';
import { writeAtomic } from '../state/write-atomic.ts';
import { registerPrivateKey } from '../report/redact.ts';
import { keyMatches } from './certificate.ts';

export interface Pair {
  readonly certificatePem: string | null;
  readonly keyPem: string | null;
}

/* The new key waits beside the old one until the new certificate is there: the certificate decides which
   key counts, so a process that dies in between has either replaced both or neither. */
const waiting = (path: string): string => `${path}.key.new`;

/** What is there; null for what is not. Writes nothing. */
export async function readPair(path: string): Promise<Pair> {
  const [certificatePem, keyPem, newKeyPem] = await Promise.all([
    readIfThere(`${path}.crt`),
    readIfThere(`${path}.key`),
    readIfThere(waiting(path)),
  ]);
  const decided = certificatePem !== null && newKeyPem !== null && keyMatches(certificatePem, newKeyPem);
  return { certificatePem, keyPem: decided ? newKeyPem : keyPem };
}

export async function writePair(path: string, certificatePem: string, keyPem: string): Promise<void> {
  await writeAtomic(waiting(path), keyPem, 0o600);
  await writeAtomic(`${path}.crt`, certificatePem, 0o600);
  await rename(waiting(path), `${path}.key`);
}

/** Finishes what a killed process began, and shuts out other readers of the key. */
export async function settlePair(path: string, pair: Pair): Promise<void> {
  const newKeyPem = await readIfThere(waiting(path));
  if (newKeyPem !== null && newKeyPem === pair.keyPem) await rename(waiting(path), `${path}.key`);
  else if (newKeyPem !== null) await rm(waiting(path));
  if (pair.keyPem !== null) await closeToOthers(`${path}.key`);
}

export async function closeToOthers(file: string): Promise<void> {
  if (((await stat(file)).mode & 0o077) !== 0) await chmod(file, 0o600);
}

export async function readIfThere(file: string): Promise<string | null> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('PRIVATE KEY')) registerPrivateKey(text);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
