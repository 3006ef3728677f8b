/** Putting an X.509 v3 certificate together and signing it: our bytes, Node's signature. */
import { createHash, randomBytes, sign } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import {
  bits,
  bitsOf,
  bytesOf,
  decode,
  encode,
  explicit,
  insideOf,
  integer,
  itemsOf,
  nothing,
  oid,
  oidOf,
  sequence,
  set,
  tagOf,
  time,
  Type,
  utf8,
} from './der.ts';
import type { Der } from './der.ts';
import { oids } from './oids.ts';

export interface Fields {
  readonly issuer: Der;
  readonly subject: Der;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Der[];
}

/** A certificate in PEM, signed by an RSA key with SHA-256. */
export function signedCertificate(fields: Fields, signingKey: KeyObject): string {
  const algorithm = sequence(oid(oids.sha256WithRSA), nothing());
  const content = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(newSerial()),
    algorithm,
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    publicKeyInfo(fields.publicKey),
    explicit(3, sequence(...fields.extensions)),
  );
  const signature = sign('sha256', encode(content), signingKey);
  return pem('CERTIFICATE', encode(sequence(content, algorithm, bits(signature))));
}

/** 126 random bits in always 16 bytes: the first is 0x40…0x7f, so never negative and never shortened. */
function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial;
}

/** Organizations first, as Go writes them. */
export function distinguishedName(commonName: string, organizations: readonly string[]): Der {
  const part = (id: string, text: string): Der => set(sequence(oid(id), utf8(text)));
  return sequence(
    ...organizations.map((name) => part(oids.organization, name)),
    part(oids.commonName, commonName),
  );
}

function publicKeyInfo(key: KeyObject): Der {
  return decode(key.export({ type: 'spki', format: 'der' }));
}

/** 20 bytes that stand for a key (RFC 7093, method 1). */
export function keyIdentifier(key: KeyObject): Buffer {
  const [, point] = itemsOf(publicKeyInfo(key));
  return createHash('sha256').update(bitsOf(point)).digest().subarray(0, 20);
}

/** What leaves must repeat of their authority, byte for byte: its subject and the identifier it gives its key. */
export function issuerFields(certificate: X509Certificate): { subject: Der; identifier: Buffer } {
  const [content] = itemsOf(decode(certificate.raw));
  const [, , , , , subject, , ...rest] = itemsOf(content);
  if (!subject) throw new Error('the certificate has no subject');
  const wrapped = rest.find((element) => tagOf(element) === 3);
  const inside = wrapped ? insideOf(wrapped) : [];
  const extensions = Array.isArray(inside) ? itemsOf(inside[0]) : [];
  const own = extensions.find((each) => oidOf(itemsOf(each)[0]) === oids.subjectKeyIdentifier);
  const identifier = own
    ? bytesOf(decode(bytesOf(itemsOf(own).at(-1), Type.OCTETSTRING)), Type.OCTETSTRING)
    : keyIdentifier(certificate.publicKey);
  return { subject, identifier };
}

export function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
