/** Keys: always made by OpenSSL inside Node, never on the event loop. */
import { createPublicKey, generateKeyPair, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { registerPrivateKey } from '../report/redact.ts';

export type KeyAlgorithm = 'rsa' | 'ecdsa';

const generate = promisify(generateKeyPair);
const curves = ['prime256v1', 'secp384r1', 'secp521r1'];

/** A new private key: RSA with 2048 bits, or P-256. */
export async function newKey(algorithm: KeyAlgorithm = 'rsa'): Promise<KeyObject> {
  const pair =
    algorithm === 'rsa'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: 'P-256' });
  return pair.privateKey;
}

/** A new P-256 key at once (0.1 ms): for credentials made and used within one script. */
export function newKeySync(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** PKCS#8, which every Kubernetes component and etcd read. */
export function privateKeyPem(key: KeyObject): string {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  registerPrivateKey(pem);
  return pem;
}

/** SubjectPublicKeyInfo; a private key gives its public half. */
export function publicKeyPem(key: KeyObject): string {
  return publicHalf(key).export({ type: 'spki', format: 'pem' }).toString();
}

export function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
}

/** Why a public key is not good enough for a certificate; null when it is. */
export function keyWeakness(key: KeyObject): string | null {
  const details = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    const length = details.modulusLength ?? 0;
    return length >= 2048 ? null : `RSA with ${length} bits; at least 2048 are needed`;
  }
  if (key.asymmetricKeyType === 'ec') {
    const curve = details.namedCurve ?? 'of its own';
    return curves.includes(curve) ? null : `the curve ${curve}; allowed are ${curves.join(', ')}`;
  }
  return `${key.asymmetricKeyType ?? key.type}; only RSA and EC keys are certified`;
}
