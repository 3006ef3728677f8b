import { randomBytes } from 'node:crypto';
import type { Cluster } from '../cluster/model.ts';
import { StateError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

export interface EncryptionKey {
  /** "key1"; the one with the higher number is the newer. */
  readonly name: string;
  readonly provider: Cluster['security']['encryption'];
  /** 32 random bytes in base64. */
  readonly secret: string;
  /** Nothing is encrypted with it any more; it goes when no API server has it. */
  readonly retired?: true;
}

/** What Secrets are encrypted with: the first key writes, all of them read. Never empty. */
export interface PreparedKeys {
  readonly keys: readonly EncryptionKey[];
  /** Writes what was made. */
  keep(): Promise<void>;
}

/**
 * The kept keys, `.hardway/encryption-key`. One is made only while `mayCreate`, and kept when `keep` is called: what
 * an older one has encrypted could never be read again. StateError when they are lost or damaged.
 */
export async function encryptionKeys(
  state: State,
  provider: EncryptionKey['provider'],
  mayCreate: boolean,
): Promise<PreparedKeys> {
  const text = await readText(file(state));
  if (text !== null) return { keys: parsed(text, file(state)), keep: async () => undefined };
  if (!mayCreate) {
    throw new StateError(
      'the key that encrypts the cluster’s Secrets is missing, and a new one is never made silently',
      {
        evidence: [`missing: ${file(state)}`, 'depends on it: every Secret of the cluster'],
        remedy: 'Restore the file from a backup; without it no Secret can be read again.',
      },
    );
  }
  const keys = [newKey('key1', provider)];
  return { keys, keep: () => writeKeys(state, keys) };
}

export async function writeKeys(state: State, keys: readonly EncryptionKey[]): Promise<void> {
  await writeAtomic(file(state), `${JSON.stringify(keys, null, 2)}\n`);
}

export function newKey(name: string, provider: EncryptionKey['provider']): EncryptionKey {
  return registered({ name, provider, secret: randomBytes(32).toString('base64') });
}

const file = (state: State): string => state.path('encryption-key');

function parsed(text: string, path: string): readonly EncryptionKey[] {
  const keys = listIn(text);
  if (keys.length > 0 && keys.every(isKey)) return keys.map(registered);
  throw new StateError(`${path} is damaged`, {
    remedy: 'Restore it from a backup; without it no Secret of the cluster can be read again.',
  });
}

function listIn(text: string): unknown[] {
  try {
    const data: unknown = JSON.parse(text);
    return Array.isArray(data) ? data : [];
  } catch {
    return [];
  }
}

function isKey(data: unknown): data is EncryptionKey {
  const { name, provider, secret, retired } = (data ?? {}) as Record<string, unknown>;
  const isMarked = retired === undefined || retired === true;
  const isNamed = typeof name === 'string' && /^key[1-9][0-9]*$/.test(name);
  const isSecret = typeof secret === 'string' && Buffer.from(secret, 'base64').length === 32;
  return isNamed && isSecret && isMarked && (provider === 'secretbox' || provider === 'aescbc');
}

function registered(key: EncryptionKey): EncryptionKey {
  registerSecret(key.secret);
  return key;
}
