import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { distinguishedName, signedCertificate } from '../../src/pki/x509.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const name = distinguishedName('test', []);
const DAY = 86_400_000;

/** A certificate that ends after so many days (and an hour), as the facts script prints it. */
export function certificateLasting(days: number): string {
  const end = Date.now() + days * DAY + (days < 0 ? -1 : 1) * 3_600_000;
  const pem = signedCertificate(
    {
      ...{ issuer: name, subject: name, publicKey, extensions: [] },
      ...{ notBefore: new Date(end - 400 * DAY), notAfter: new Date(end) },
    },
    privateKey,
  );
  return new X509Certificate(pem).raw.toString('base64');
}

/** The facts of a machine that has joined. */
export const joinedFor = (days: number): string => `kubelet=${certificateLasting(days)}`;
