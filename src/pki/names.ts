/** The names a certificate is good for: host names and addresses. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Names {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** Names as found in something made elsewhere; `other` holds every kind we never ask for ("email:…", "URI:…"). */
export interface FoundNames extends Names {
  readonly other: readonly string[];
}

const label = '[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9_])?';
const hostName = new RegExp(`^${label}(\\.${label})*$`);

/** A host name without wildcard, at most 253 characters, and no address in disguise. */
export function isHostName(name: string): boolean {
  return name.length <= 253 && hostName.test(name) && isIP(name) === 0;
}

/** 4 or 16 bytes; throws when the text is no address (a zone like fe80::1%eth0 is none either). */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 0 || address.includes('%')) throw new Error(`"${address}" is no IP address`);
  return Buffer.from(ipaddr.parse(address).toByteArray());
}

/** The usual short form; throws unless there are 4 or 16 bytes. */
export function addressOf(bytes: Buffer): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** One spelling for each address, so that ::1 equals 0:0:0:0:0:0:0:1. */
export function canonicalAddress(address: string): string {
  return addressOf(addressBytes(address));
}

// A kind, a colon, then a JSON string (Node quotes whatever could mislead) or plain text up to the comma.
const entry = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

/** Takes apart what X509Certificate.subjectAltName says. */
export function parseAlternativeNames(text: string | undefined): FoundNames {
  const found = { dns: [] as string[], ip: [] as string[], other: [] as string[] };
  let read = 0;
  for (const [whole, kind, value = ''] of (text ?? '').matchAll(entry)) {
    read += whole.length;
    const plain = value.startsWith('"') ? String(JSON.parse(value)) : value;
    if (kind === 'DNS') found.dns.push(plain);
    else if (kind === 'IP Address' && isIP(plain) !== 0) found.ip.push(canonicalAddress(plain));
    else found.other.push(`${kind}:${plain}`);
  }
  if (read < (text ?? '').length) found.other.push((text ?? '').slice(read));
  return found;
}
