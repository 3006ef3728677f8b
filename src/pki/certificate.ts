/** What a certificate should be, and every reason why one is not. Judged by OpenSSL inside Node alone. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Authority } from './authority.ts';
import { canonicalAddress, parseAlternativeNames } from './names.ts';
import type { Names } from './names.ts';
import { usageOids } from './oids.ts';
import type { Usage } from './oids.ts';

export interface CertificateSpec {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usages: readonly Usage[];
  readonly names: Names;
  readonly days: number;
  /** What its authority is called in messages and in the store. */
  readonly authority: string;
}

export interface CheckOptions {
  /** Renew when less than this part of a certificate's own life is left. Default 1/3. */
  readonly renewWhenLess?: number;
}

const day = 24 * 60 * 60 * 1000;

/** Why an existing certificate does not do, in words that continue "the certificate …"; empty when it does.
 *  `keyPem` null: the key is elsewhere and not compared. */
export function certificateProblems(
  pem: string,
  keyPem: string | null,
  spec: CertificateSpec,
  authority: Authority,
  options: CheckOptions = {},
): string[] {
  const certificate = read(pem);
  if (certificate === null) return ['cannot be read'];
  return [
    ...signatureProblems(certificate, spec, authority),
    ...(keyPem === null || keyFits(certificate, keyPem) ? [] : ['does not belong to its private key']),
    ...subjectProblems(certificate, spec),
    ...nameProblems(certificate, spec.names),
    ...usageProblems(certificate, spec.usages),
    ...dateProblems(certificate, spec, authority, options.renewWhenLess ?? 1 / 3),
  ];
}

/** Whether a private key is the one a certificate speaks of. Unreadable ones are not. */
export function keyMatches(pem: string, keyPem: string): boolean {
  const certificate = read(pem);
  return certificate !== null && keyFits(certificate, keyPem);
}

function read(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function keyFits(certificate: X509Certificate, keyPem: string): boolean {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function signatureProblems(leaf: X509Certificate, spec: CertificateSpec, authority: Authority): string[] {
  const { certificate } = authority;
  const signed = leaf.checkIssued(certificate) && leaf.verify(certificate.publicKey);
  return signed ? [] : [`is not signed by the ${spec.authority} authority`];
}

function subjectProblems(certificate: X509Certificate, spec: CertificateSpec): string[] {
  // Unlike the text in .subject, these values are free of escapes.
  const { CN, O, ...rest } = certificate.toLegacyObject().subject;
  const found = subject(listOf(CN), listOf(O), Object.keys(rest));
  const wanted = subject([spec.commonName], spec.organizations, []);
  return found === wanted ? [] : [`is for ${found} instead of ${wanted}`];
}

function subject(
  names: readonly string[],
  organizations: readonly string[],
  others: readonly string[],
): string {
  const parts = [
    ...names.map((name) => `CN=${JSON.stringify(name)}`),
    ...sorted(organizations).map((name) => `O=${JSON.stringify(name)}`),
    ...others,
  ];
  return parts.join(' ');
}

function nameProblems(certificate: X509Certificate, wanted: Names): string[] {
  const found = parseAlternativeNames(certificate.subjectAltName);
  const foundNames = new Set([...kinds(found), ...found.other]);
  const wantedNames = new Set(kinds({ dns: wanted.dns, ip: wanted.ip.map(canonicalAddress) }));
  const missing = [...wantedNames].filter((name) => !foundNames.has(name));
  const extra = [...foundNames].filter((name) => !wantedNames.has(name));
  return [
    ...(missing.length > 0 ? [`lacks the name ${missing.join(', ')}`] : []),
    ...(extra.length > 0 ? [`has the name ${extra.join(', ')} which nobody asked for`] : []),
  ];
}

/** With their kind: an address written as a host name is not that address. */
function kinds(names: Names): string[] {
  return [...names.dns.map((name) => `DNS:${name}`), ...names.ip.map((address) => `IP:${address}`)];
}

function usageProblems(certificate: X509Certificate, wanted: readonly Usage[]): string[] {
  const known = Object.entries(usageOids);
  const found = (certificate.keyUsage ?? []).map((id) => known.find(([, oid]) => oid === id)?.[0] ?? id);
  const same = sorted(found).join(', ') === sorted(wanted).join(', ');
  return [
    ...(certificate.ca ? ['is the certificate of an authority'] : []),
    ...(same
      ? []
      : [`is for use as ${sorted(found).join(', ') || 'anything'} instead of ${sorted(wanted).join(', ')}`]),
  ];
}

function dateProblems(
  certificate: X509Certificate,
  spec: CertificateSpec,
  authority: Authority,
  renewWhenLess: number,
): string[] {
  const [from, to, now] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo), Date.now()];
  if (now < from) return [`is not valid before ${certificate.validFrom}`];
  if (now >= to) return [`expired on ${certificate.validTo}`];
  const problems: string[] = [];
  // Measured by its own life: near the end of its authority a leaf is short, and would else be renewed for ever.
  if (to - now < (to - from) * renewWhenLess) {
    problems.push(`has only ${inDays(to - now)} of ${inDays(to - from)} days left`);
  }
  if (to - from > (spec.days + 1) * day) {
    problems.push(`lives ${inDays(to - from)} days, longer than the ${spec.days} allowed`);
  }
  if (to > Date.parse(authority.certificate.validTo)) problems.push('outlives its authority');
  return problems;
}

const inDays = (milliseconds: number): number => Math.floor(milliseconds / day);
const listOf = (value: string | string[] | undefined): string[] =>
  value === undefined ? [] : [value].flat();
const sorted = (items: readonly string[]): string[] => [...new Set(items)].sort();
