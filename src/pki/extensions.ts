/** The X.509 extensions of our certificates, one function each. */
import { addressBytes } from './names.ts';
import type { Names } from './names.ts';
import { bits, encode, implicit, octets, oid, sequence, truth } from './der.ts';
import type { Der } from './der.ts';
import { oids, usageOids } from './oids.ts';
import type { Usage } from './oids.ts';

function extension(id: string, critical: boolean, value: Der): Der {
  return sequence(oid(id), ...(critical ? [truth()] : []), octets(encode(value)));
}

export function basicConstraints(isAuthority: boolean): Der {
  // FALSE is the default, and DER leaves defaults out.
  return extension(oids.basicConstraints, true, isAuthority ? sequence(truth()) : sequence());
}

/** Bit n of RFC 5280's KeyUsage, counted from the left. */
const keyUsageBits = { digitalSignature: 0, keyEncipherment: 2, keyCertSign: 5, cRLSign: 6 } as const;

export function keyUsage(...uses: (keyof typeof keyUsageBits)[]): Der {
  const numbers: number[] = uses.map((use) => keyUsageBits[use]);
  const byte = numbers.reduce((sum, bit) => sum | (0x80 >> bit), 0);
  // DER cuts the zero bits at the end off.
  return extension(oids.keyUsage, true, bits(Buffer.from([byte]), 7 - Math.max(...numbers)));
}

export function extendedKeyUsage(usages: readonly Usage[]): Der {
  return extension(oids.extendedKeyUsage, false, sequence(...usages.map((usage) => oid(usageOids[usage]))));
}

export function subjectKeyIdentifier(identifier: Buffer): Der {
  return extension(oids.subjectKeyIdentifier, false, octets(identifier));
}

export function authorityKeyIdentifier(identifier: Buffer): Der {
  return extension(oids.authorityKeyIdentifier, false, sequence(implicit(0, identifier)));
}

export function subjectAltName(names: Names): Der {
  const dns = names.dns.map((name) => implicit(2, Buffer.from(name, 'ascii')));
  const ip = names.ip.map((address) => implicit(7, addressBytes(address)));
  return extension(oids.subjectAltName, false, sequence(...dns, ...ip));
}
