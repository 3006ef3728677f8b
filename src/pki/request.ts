/** Certificate requests (PKCS#10) made elsewhere: read strictly, believed in nothing but their signature. */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { HardwayError } from '../errors.ts';
import { bitsOf, bytesOf, decode, encode, insideOf, itemsOf, oidOf, tagOf, textOf, Type } from './der.ts';
import type { Der } from './der.ts';
import { addressOf } from './names.ts';
import type { FoundNames } from './names.ts';
import { oids, signatureOids } from './oids.ts';

export interface CertificateRequest {
  readonly publicKey: KeyObject;
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** `other` holds names of kinds we never certify: whoever approves must refuse them. */
  readonly names: FoundNames;
  /** The sender holds the private key: signed with RSA or ECDSA and SHA-256 or better. */
  readonly verified: boolean;
}

/** Far above any honest request, far below what could hurt. Bytes. */
const limit = 64 * 1024;
const armour =
  /^-----BEGIN (NEW )?CERTIFICATE REQUEST-----\s([A-Za-z0-9+/=\s]+)-----END \1?CERTIFICATE REQUEST-----\s*$/;

/** Reads PEM (text or its bytes) or DER. Throws HardwayError 'REQUEST' for anything that is not one whole request. */
export function parseRequest(input: string | Buffer): CertificateRequest {
  if (input.length > limit) throw garbage(`it has more than ${limit} bytes`);
  try {
    return read(derOf(input));
  } catch (error) {
    throw garbage(error instanceof Error ? error.message : String(error));
  }
}

function garbage(reason: string): HardwayError {
  return new HardwayError('REQUEST', 'the certificate request cannot be read', { evidence: [reason] });
}

function derOf(input: string | Buffer): Buffer {
  if (typeof input !== 'string' && input[0] === 0x30) return input;
  const base64 = armour.exec(input.toString().trimStart())?.[2];
  if (base64 === undefined) throw new Error('neither PEM nor DER');
  return Buffer.from(base64, 'base64');
}

function read(der: Buffer): CertificateRequest {
  const [content, algorithm, signature] = exactly(3, itemsOf(decode(der)));
  const [version, subject, keyInfo, attributes] = itemsOf(content);
  if (bytesOf(version, Type.INTEGER).toString('hex') !== '00') throw new Error('an unknown version');
  if (!content || !keyInfo) throw new Error('it has no public key');
  const publicKey = createPublicKey({ key: encode(keyInfo), type: 'spki', format: 'der' });
  return {
    publicKey,
    ...subjectOf(subject),
    names: namesOf(attributes),
    verified: isSigned(encode(content), publicKey, oidOf(itemsOf(algorithm)[0]), bitsOf(signature)),
  };
}

function isSigned(content: Buffer, key: KeyObject, algorithm: string, signature: Buffer): boolean {
  const kind = signatureOids[algorithm];
  if (kind === undefined || kind.key !== key.asymmetricKeyType) return false;
  return verify(kind.digest, content, key, signature);
}

function subjectOf(subject: Der | undefined): { commonName: string; organizations: string[] } {
  const parts = itemsOf(subject)
    .flatMap((group) => itemsOf(group, Type.SET))
    .map((part) => exactly(2, itemsOf(part)));
  const valuesOf = (id: string): string[] =>
    parts.filter(([kind]) => oidOf(kind) === id).map(([, value]) => textOf(value));
  const [commonName, ...more] = valuesOf(oids.commonName);
  if (commonName === undefined || more.length > 0) throw new Error('it must have exactly one common name');
  return { commonName, organizations: valuesOf(oids.organization) };
}

function namesOf(attributes: Der | undefined): FoundNames {
  const [names, ...more] = extensionsOf(attributes)
    .filter((each) => oidOf(each[0]) === oids.subjectAltName)
    .map((each) => decode(bytesOf(each.at(-1), Type.OCTETSTRING)));
  if (more.length > 0) throw new Error('it lists its names twice');
  const found = { dns: [] as string[], ip: [] as string[], other: [] as string[] };
  for (const name of names ? itemsOf(names) : []) {
    const value = insideOf(name);
    if (tagOf(name) === 2 && Buffer.isBuffer(value)) found.dns.push(value.toString('latin1'));
    else if (tagOf(name) === 7 && Buffer.isBuffer(value)) found.ip.push(addressOf(value));
    else found.other.push(otherName(name, value));
  }
  return found;
}

/** The parts of each extension the request asks for: [id, critical?, value]. */
function extensionsOf(attributes: Der | undefined): Der[][] {
  if (attributes === undefined) return [];
  const inside = insideOf(attributes);
  if (tagOf(attributes) !== 0 || !Array.isArray(inside)) throw new Error('its attributes are damaged');
  return inside
    .map((attribute) => exactly(2, itemsOf(attribute)))
    .filter(([kind]) => oidOf(kind) === oids.extensionRequest)
    .flatMap(([, values]) => itemsOf(values, Type.SET))
    .flatMap((list) => itemsOf(list))
    .map((each) => itemsOf(each));
}

function otherName(name: Der, value: Der[] | Buffer): string {
  const kinds: Record<number, string> = { 1: 'email', 4: 'DirName', 6: 'URI', 8: 'Registered ID' };
  const kind = kinds[tagOf(name) ?? -1] ?? 'othername';
  return Buffer.isBuffer(value) ? `${kind}:${value.toString('latin1')}` : kind;
}

function exactly(count: number, items: Der[]): Der[] {
  if (items.length !== count) throw new Error(`${items.length} parts where ${count} belong`);
  return items;
}
