/** A certificate authority: an RSA key and its certificate, and the one thing they do. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { HardwayError, StateError } from '../errors.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.ts';
import { keyWeakness, newKey, privateKeyPem, publicHalf } from './keys.ts';
import { addressBytes, canonicalAddress, isHostName } from './names.ts';
import type { Names } from './names.ts';
import type { Usage } from './oids.ts';
import type { Neighbours } from './rotation.ts';
import { distinguishedName, issuerFields, keyIdentifier, signedCertificate } from './x509.ts';

export interface AuthoritySpec {
  readonly commonName: string;
  readonly days: number;
}

export interface LeafRequest {
  /** RSA (2048 bits or more), P-256, P-384 or P-521. */
  readonly publicKey: KeyObject;
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly usages: readonly Usage[];
  readonly names?: Names;
  readonly days: number;
}

export interface Authority {
  readonly certificatePem: string;
  /** Secret; never leaves the operator's machine. */
  readonly keyPem: string;
  readonly certificate: X509Certificate;
  /** SHA-256 of the certificate, upper-case hex with colons. */
  readonly fingerprint: string;
  /** What its users trust: its certificate, and during a rotation the other one's. PEM. */
  readonly trustPem: string;
  /** Fingerprints of these. */
  readonly trusted: readonly string[];
  /** Fingerprints by which a machine of this cluster is known: these, and one that machines may still trust. */
  readonly recognized: readonly string[];
  /** Whether its key signed this certificate; each is looked at once. */
  signed(certificate: X509Certificate): boolean;
  /** Certifies a public key. Throws HardwayError 'CERTIFICATE' for a request that makes no sense. */
  issue(request: LeafRequest): { readonly certificatePem: string };
}

const day = 24 * 60 * 60 * 1000;
/** Machines whose clock is behind by this much still accept a new certificate. Milliseconds. */
export const CLOCK_SKEW = 5 * 60 * 1000;

export async function newAuthority(spec: AuthoritySpec): Promise<Authority> {
  const key = await newKey('rsa');
  const publicKey = publicHalf(key);
  const name = distinguishedName(spec.commonName, []);
  const identifier = keyIdentifier(publicKey);
  const now = Date.now();
  const certificatePem = signedCertificate(
    {
      issuer: name,
      subject: name,
      publicKey,
      notBefore: new Date(now - CLOCK_SKEW),
      notAfter: new Date(now + spec.days * day),
      extensions: [
        basicConstraints(true),
        keyUsage('digitalSignature', 'keyCertSign', 'cRLSign'),
        subjectKeyIdentifier(identifier),
        authorityKeyIdentifier(identifier),
      ],
    },
    key,
  );
  return loadAuthority(certificatePem, privateKeyPem(key));
}

/**
 * Throws StateError unless the two are a living authority and its own RSA key. `beside`: what is trusted too while one
 * authority takes the place of another; what is trusted reads the same before and after the change.
 */
export function loadAuthority(
  certificatePem: string,
  keyPem: string,
  beside: Neighbours = { old: '', next: '', retired: '' },
): Authority {
  const certificate = readable('certificate', () => new X509Certificate(certificatePem));
  const key = readable('key', () => createPrivateKey(keyPem));
  const who = certificate.subject.replaceAll('\n', ', ');
  if (!certificate.ca) throw new StateError(`${who} is the certificate of no authority (CA:TRUE is missing)`);
  if (key.asymmetricKeyType !== 'rsa') throw new StateError(`the key of the authority ${who} is not RSA`);
  if (!certificate.checkPrivateKey(key))
    throw new StateError(`the key of the authority ${who} is another one`);
  const ends = Date.parse(certificate.validTo);
  if (ends <= Date.now()) throw new StateError(`the authority ${who} expired on ${certificate.validTo}`);
  const issuer = readable('certificate', () => issuerFields(certificate));
  const judged = new Map<string, boolean>();
  const trusted = unique([beside.old, certificatePem, beside.next]).filter((pem) => pem !== '');

  return {
    certificatePem,
    keyPem,
    certificate,
    fingerprint: certificate.fingerprint256,
    trustPem: trusted.join(''),
    trusted: trusted.map(fingerprint),
    recognized: unique([...trusted, beside.retired])
      .filter((pem) => pem !== '')
      .map(fingerprint),
    signed(leaf) {
      const known = judged.get(leaf.fingerprint256) ?? leaf.verify(certificate.publicKey);
      judged.set(leaf.fingerprint256, known);
      return known;
    },
    issue(request) {
      refuseNonsense(request);
      const { publicKey, commonName, organizations = [], usages, names = { dns: [], ip: [] } } = request;
      const alternative = { dns: unique(names.dns), ip: unique(names.ip.map(canonicalAddress)) };
      const named = alternative.dns.length + alternative.ip.length > 0;
      const isRsa = publicKey.asymmetricKeyType === 'rsa';
      const now = Date.now();
      const leaf = signedCertificate(
        {
          issuer: issuer.subject,
          subject: distinguishedName(commonName, unique(organizations)),
          publicKey,
          notBefore: new Date(now - CLOCK_SKEW),
          // A leaf never outlives its authority.
          notAfter: new Date(Math.min(now + request.days * day, ends)),
          extensions: [
            basicConstraints(false),
            keyUsage('digitalSignature', ...(isRsa ? (['keyEncipherment'] as const) : [])),
            extendedKeyUsage(unique(usages)),
            subjectKeyIdentifier(keyIdentifier(publicKey)),
            authorityKeyIdentifier(issuer.identifier),
            ...(named ? [subjectAltName(alternative)] : []),
          ],
        },
        key,
      );
      return { certificatePem: leaf };
    },
  };
}

function readable<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StateError(`the ${what} of an authority cannot be read`, { evidence: [String(error)] });
  }
}

function refuseNonsense(request: LeafRequest): void {
  const { publicKey, commonName, usages, names = { dns: [], ip: [] }, days } = request;
  const weakness = keyWeakness(publicKey);
  const problems = [
    ...(commonName === '' ? ['the common name is empty'] : []),
    ...(usages.length === 0 ? ['no usage is given'] : []),
    ...(days > 0 ? [] : [`a life of ${days} days`]),
    ...(publicKey.type === 'public' ? [] : [`a ${publicKey.type} key where the public one belongs`]),
    ...(weakness === null ? [] : [`the key is ${weakness}`]),
    ...names.dns.filter((name) => !isHostName(name)).map((name) => `"${name}" is no host name`),
    ...names.ip.filter((address) => !isAddress(address)).map((address) => `"${address}" is no IP address`),
  ];
  if (problems.length > 0) {
    throw new HardwayError('CERTIFICATE', `no certificate for ${commonName || 'a nameless subject'}`, {
      evidence: problems,
    });
  }
}

function isAddress(text: string): boolean {
  try {
    return addressBytes(text).length > 0;
  } catch {
    return false;
  }
}

const fingerprint = (pem: string): string => new X509Certificate(pem).fingerprint256;
const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
