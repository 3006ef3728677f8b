/** The directory that holds every authority, leaf and key pair of one cluster. */
import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { StateError } from '../errors.ts';
import { writeAtomic } from '../state/write-atomic.ts';
import { loadAuthority, newAuthority } from './authority.ts';
import type { Authority, AuthoritySpec } from './authority.ts';
import { certificateProblems } from './certificate.ts';
import type { CertificateSpec } from './certificate.ts';
import { issuedBy } from './issued-by.ts';
import { newKey, privateKeyPem, publicHalf, publicKeyPem } from './keys.ts';
import type { KeyAlgorithm } from './keys.ts';
import { closeToOthers, readIfThere, readPair, settlePair, writePair } from './pair.ts';
import type { Pair } from './pair.ts';
import { neighbours } from './rotation.ts';

/** Names are paths without suffix below the directory: "cluster", "minion-1/kubelet". */
export interface PkiStore {
  /** Loads an authority; makes one only when nothing of it exists and it may. StateError otherwise. */
  ensureAuthority(name: string, spec: AuthoritySpec, may: MayCreate): Promise<Authority>;
  /** Keeps a leaf that fits its spec, byte for byte; else makes a new key and certificate. */
  ensureLeaf(name: string, spec: CertificateSpec, authority: Authority): Promise<Leaf>;
  /** Why ensureLeaf would make a new one; empty when it would not. Writes nothing. */
  leafProblems(name: string, spec: CertificateSpec, authority: Authority): Promise<readonly string[]>;
  /** An RSA pair without certificate, `<name>.key` and `<name>.pub`, under the same rule as authorities. */
  ensureKeyPair(name: string, may: MayCreate): Promise<KeyPair>;
}

export interface MayCreate {
  /** True only while nothing can depend on an earlier one: the cluster was never brought up. */
  readonly mayCreate: boolean;
}

export interface Leaf {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Why it was made just now, in words that continue "the certificate …"; empty when the old one was kept. */
  readonly reasons: readonly string[];
}

export interface KeyPair {
  readonly publicKeyPem: string;
  readonly privateKeyPem: string;
}

export interface PkiOptions {
  /** Of new leaf keys, default rsa. Existing leaves keep theirs until they are renewed. */
  readonly algorithm?: KeyAlgorithm;
  /** Leaves that are made anew even when they fit. */
  readonly renew?: (name: string) => boolean;
  /** Nothing is written; every writing is handed over, to be done in this order when its time has come. */
  readonly later?: (write: () => Promise<void>) => void;
}

export function openPki(directory: string, options: PkiOptions = {}): PkiStore {
  const pathOf = (name: string): string => join(directory, checked(name));
  const { later } = options;
  const write = async (act: () => Promise<void>): Promise<void> => (later ? later(act) : act());

  return {
    async ensureAuthority(name, spec, { mayCreate }) {
      const path = pathOf(name);
      const pair = await readPair(path);
      await write(() => settlePair(path, pair));
      if (isWhole(pair)) return loadAuthority(pair.certificatePem, pair.keyPem, await neighbours(path));

      const lost = [
        ...(pair.certificatePem === null ? [`${path}.crt`] : []),
        ...(pair.keyPem === null ? [`${path}.key`] : []),
      ];
      const dependents = await issuedBy(spec.commonName, directory);
      if (lost.length < 2 || dependents.length > 0 || !mayCreate) {
        throw neverAgain(`authority "${name}"`, lost, dependents);
      }
      const authority = await newAuthority(spec);
      await write(() => writePair(path, authority.certificatePem, authority.keyPem));
      return authority;
    },

    async ensureLeaf(name, spec, authority) {
      const path = pathOf(name);
      const pair = await readPair(path);
      await write(() => settlePair(path, pair));
      const asked = options.renew?.(name) === true ? ['is to be renewed'] : [];
      const reasons = [...problemsOf(pair, spec, authority), ...asked];
      if (reasons.length === 0 && isWhole(pair)) return { ...pair, reasons };

      const key = await newKey(options.algorithm);
      const { certificatePem } = authority.issue({ ...spec, publicKey: publicHalf(key) });
      const keyPem = privateKeyPem(key);
      await write(() => writePair(path, certificatePem, keyPem));
      return { certificatePem, keyPem, reasons };
    },

    async leafProblems(name, spec, authority) {
      return problemsOf(await readPair(pathOf(name)), spec, authority);
    },

    async ensureKeyPair(name, { mayCreate }) {
      const [keyFile, publicFile] = [`${pathOf(name)}.key`, `${pathOf(name)}.pub`];
      const [keyPem, oldPublicPem] = await Promise.all([readIfThere(keyFile), readIfThere(publicFile)]);
      if (keyPem === null && (oldPublicPem !== null || !mayCreate)) {
        throw neverAgain(`key pair "${name}"`, [keyFile], ['every token it signed']);
      }
      const key = keyPem === null ? await newKey('rsa') : readKey(keyFile, keyPem);
      const pair = { publicKeyPem: publicKeyPem(key), privateKeyPem: keyPem ?? privateKeyPem(key) };
      if (oldPublicPem !== null && oldPublicPem !== pair.publicKeyPem) {
        throw new StateError(`${publicFile} is not the public half of ${keyFile}`, {
          remedy: 'Find out which of the two was replaced, and restore it from a backup.',
        });
      }
      await write(async () => {
        if (keyPem === null) await writeAtomic(keyFile, pair.privateKeyPem, 0o600);
        else await closeToOthers(keyFile);
        // The key alone is enough: its public half follows from it.
        if (oldPublicPem === null) await writeAtomic(publicFile, pair.publicKeyPem, 0o600);
      });
      return pair;
    },
  };
}

type WholePair = { readonly certificatePem: string; readonly keyPem: string };

function isWhole(pair: Pair): pair is WholePair {
  return pair.certificatePem !== null && pair.keyPem !== null;
}

function problemsOf(pair: Pair, spec: CertificateSpec, authority: Authority): string[] {
  if (pair.certificatePem === null) return ['does not exist yet'];
  if (pair.keyPem === null) return ['has lost its private key'];
  return certificateProblems(pair.certificatePem, pair.keyPem, spec, authority);
}

function neverAgain(what: string, lost: readonly string[], dependents: readonly string[]): StateError {
  return new StateError(`the ${what} is missing, and a new one is never made silently`, {
    evidence: [
      ...lost.map((file) => `missing: ${file}`),
      ...dependents.map((each) => `depends on it: ${each}`),
    ],
    remedy: 'Restore the missing files from a backup; a new one would void everything that trusts the old.',
  });
}

function readKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new StateError(`${file} is no private key`, { evidence: [String(error)] });
  }
}

function checked(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)*$/i.test(name)) return name;
  throw new StateError(`"${name}" cannot name a certificate`);
}
