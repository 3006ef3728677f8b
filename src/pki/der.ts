/** DER in words: the only file that knows node-forge, and it only lets it encode and take apart, never judge. */
import forge from 'node-forge';

const { asn1 } = forge;

export type Der = forge.asn1.Asn1;
export const { Type } = asn1;
export type Type = forge.asn1.Type;

/** forge keeps bytes in strings, one character a byte. */
const asBytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const asText = (bytes: Buffer): string => bytes.toString('latin1');

const plain = (type: Type, bytes: Buffer): Der =>
  asn1.create(asn1.Class.UNIVERSAL, type, false, asText(bytes));

export const sequence = (...items: Der[]): Der =>
  asn1.create(asn1.Class.UNIVERSAL, Type.SEQUENCE, true, items);
export const set = (...items: Der[]): Der => asn1.create(asn1.Class.UNIVERSAL, Type.SET, true, items);
export const nothing = (): Der => plain(Type.NULL, Buffer.alloc(0));
export const truth = (): Der => plain(Type.BOOLEAN, Buffer.from([0xff]));
export const integer = (bytes: Buffer): Der => plain(Type.INTEGER, bytes);
export const octets = (bytes: Buffer): Der => plain(Type.OCTETSTRING, bytes);
export const utf8 = (text: string): Der => plain(Type.UTF8, Buffer.from(text, 'utf8'));
export const oid = (id: string): Der => plain(Type.OID, asBytes(asn1.oidToDer(id).getBytes()));

/** `unused`: how many bits at the end do not count. */
export const bits = (bytes: Buffer, unused = 0): Der =>
  plain(Type.BITSTRING, Buffer.concat([Buffer.from([unused]), bytes]));

/** Two-digit years until 2049, four-digit ones after, as RFC 5280 wants it. */
export function time(date: Date): Der {
  const short = date.getUTCFullYear() < 2050;
  const text = short ? asn1.dateToUtcTime(date) : asn1.dateToGeneralizedTime(date);
  return plain(short ? Type.UTCTIME : Type.GENERALIZEDTIME, asBytes(text));
}

/** `[n]` around whole elements. */
export const explicit = (tag: number, ...items: Der[]): Der =>
  asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, true, items);
/** `[n]` instead of the element's own tag. */
export const implicit = (tag: number, bytes: Buffer): Der =>
  asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag, false, asText(bytes));

export const encode = (element: Der): Buffer => asBytes(asn1.toDer(element).getBytes());

// The published types miss the options of fromDer.
const fromDer = asn1.fromDer as unknown as (bytes: string, options: object) => Der;

/** Throws when the bytes are not exactly one element in the one form DER allows. */
export function decode(bytes: Buffer): Der {
  const element = fromDer(asText(bytes), { strict: true, decodeBitStrings: false, maxDepth: 24 });
  if (!encode(element).equals(bytes)) throw new Error('not in DER form');
  return element;
}

const is = (element: Der | undefined, type: Type): element is Der =>
  element?.tagClass === asn1.Class.UNIVERSAL && element.type === type;

/** The elements inside a SEQUENCE or SET; throws when it is something else. */
export function itemsOf(element: Der | undefined, type: Type = Type.SEQUENCE): Der[] {
  if (!is(element, type) || typeof element.value === 'string')
    throw new Error(`no ${Type[type] ?? type} here`);
  return element.value;
}

/** The bytes of a plain element; throws when it is something else. */
export function bytesOf(element: Der | undefined, type: Type): Buffer {
  if (!is(element, type) || typeof element.value !== 'string')
    throw new Error(`no ${Type[type] ?? type} here`);
  return asBytes(element.value);
}

/** The bytes of a BIT STRING of whole bytes. */
export function bitsOf(element: Der | undefined): Buffer {
  const bytes = bytesOf(element, Type.BITSTRING);
  if (bytes[0] !== 0) throw new Error('a BIT STRING of broken bytes');
  return bytes.subarray(1);
}

export const oidOf = (element: Der | undefined): string => asn1.derToOid(asText(bytesOf(element, Type.OID)));

/** The n of `[n]`, or null for elements with a tag of their own. */
export const tagOf = (element: Der): number | null =>
  element.tagClass === asn1.Class.CONTEXT_SPECIFIC ? element.type : null;

/** What stands inside `[n]`: elements, or bytes. */
export const insideOf = (element: Der): Der[] | Buffer =>
  typeof element.value === 'string' ? asBytes(element.value) : element.value;

/** The text of any of the string kinds names are written in. */
export function textOf(element: Der | undefined): string {
  for (const type of [Type.UTF8, Type.PRINTABLESTRING, Type.IA5STRING]) {
    if (is(element, type)) return new TextDecoder('utf-8', { fatal: true }).decode(bytesOf(element, type));
  }
  throw new Error('no text here');
}
