import { X509Certificate } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { newAuthority } from '../../src/pki/authority.ts';
import type { Authority, LeafRequest } from '../../src/pki/authority.ts';
import { certificateProblems, keyMatches } from '../../src/pki/certificate.ts';
import type { CertificateSpec } from '../../src/pki/certificate.ts';
import { newKey, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { openssl, saved, scratchDirectory } from './openssl.ts';

const directory = scratchDirectory();
const day = 24 * 60 * 60 * 1000;
const spec: CertificateSpec = {
  commonName: 'system:node:minion-1',
  organizations: ['system:nodes'],
  usages: ['server'],
  names: { dns: ['minion-1'], ip: ['192.168.56.21', '::1'] },
  days: 365,
  authority: 'cluster',
};
let authority: Authority;
let twin: Authority;
let keyPem: string;
let otherKeyPem: string;
let issue: (change?: Partial<LeafRequest>, by?: Authority) => string;

beforeAll(async () => {
  [authority, twin] = await Promise.all([
    newAuthority({ commonName: 'cluster', days: 3650 }),
    newAuthority({ commonName: 'cluster', days: 3650 }),
  ]);
  const [key, otherKey] = await Promise.all([newKey('ecdsa'), newKey('rsa')]);
  keyPem = privateKeyPem(key);
  otherKeyPem = privateKeyPem(otherKey);
  issue = (change = {}, by = authority) =>
    by.issue({ ...spec, publicKey: publicHalf(key), ...change }).certificatePem;
});
afterEach(() => {
  vi.useRealTimers();
});

const problems = (pem: string, key: string | null = keyPem): string[] =>
  certificateProblems(pem, key, spec, authority);
/** The same certificate with one bit of its signature (the last bytes) turned over. */
function damaged(pem: string): string {
  const { raw } = new X509Certificate(pem);
  raw.writeUInt8(raw.readUInt8(raw.length - 1) ^ 1, raw.length - 1);
  return `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
const laterBy = (days: number): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * day });
};

describe('certificateProblems', () => {
  it('finds none in what was just issued for the same spec', () => {
    expect(problems(issue())).toEqual([]);
  });

  it('does not mind the order, doubles, or another spelling of an address', () => {
    const pem = issue({ names: { dns: ['minion-1', 'minion-1'], ip: ['0:0::0:1', '192.168.56.21'] } });
    expect(problems(pem)).toEqual([]);
    const respelt = { ...spec, names: { dns: ['minion-1'], ip: ['0:0:0:0:0:0:0:1', '192.168.56.21'] } };
    expect(certificateProblems(pem, keyPem, respelt, authority)).toEqual([]);
  });

  const table: [string, () => string[], string][] = [
    ['no certificate at all', () => problems('nonsense'), 'cannot be read'],
    [
      'another authority of the same name',
      () => problems(issue({}, twin)),
      'is not signed by the cluster authority',
    ],
    ['a damaged signature', () => problems(damaged(issue())), 'is not signed by the cluster authority'],
    ['another key', () => problems(issue(), otherKeyPem), 'does not belong to its private key'],
    ['an unreadable key', () => problems(issue(), 'nonsense'), 'does not belong to its private key'],
    [
      'another common name',
      () => problems(issue({ commonName: 'minion-1' })),
      'is for CN="minion-1" O="system:nodes" instead of CN="system:node:minion-1" O="system:nodes"',
    ],
    [
      'another organization',
      () => problems(issue({ organizations: ['system:masters'] })),
      'is for CN="system:node:minion-1" O="system:masters" instead of CN="system:node:minion-1" O="system:nodes"',
    ],
    [
      'two organizations written as one',
      () => problems(issue({ organizations: ['system:nodes\nO=x'] })),
      'is for CN="system:node:minion-1" O="system:nodes\\nO=x" instead of CN="system:node:minion-1" O="system:nodes"',
    ],
    [
      'a name missing',
      () => problems(issue({ names: { dns: [], ip: spec.names.ip } })),
      'lacks the name DNS:minion-1',
    ],
    [
      'a name too many',
      () => problems(issue({ names: { dns: ['minion-1', 'kubernetes'], ip: spec.names.ip } })),
      'has the name DNS:kubernetes which nobody asked for',
    ],
    [
      'an address missing',
      () => problems(issue({ names: { dns: ['minion-1'], ip: ['::1'] } })),
      'lacks the name IP:192.168.56.21',
    ],
    [
      'a usage too many',
      () => problems(issue({ usages: ['server', 'client'] })),
      'is for use as client, server instead of server',
    ],
    [
      'the wrong usage',
      () => problems(issue({ usages: ['client'] })),
      'is for use as client instead of server',
    ],
    ['a life too long', () => problems(issue({ days: 800 })), 'lives 800 days, longer than the 365 allowed'],
  ];
  it.each(table)('%s', (_, find, reason) => {
    expect(find()).toEqual([reason]);
  });

  it('tells all reasons at once', () => {
    const pem = issue({ commonName: 'x', usages: ['client'], names: { dns: [], ip: [] } }, twin);
    expect(problems(pem, otherKeyPem)).toHaveLength(5);
  });

  it('does not compare a key that is elsewhere', () => {
    expect(problems(issue(), null)).toEqual([]);
  });
});

describe('certificateProblems with what others made', () => {
  /** A certificate openssl signs with our authority, so that it may hold what we never write. */
  function foreign(extensions: string): string {
    const ca = saved(directory, 'ca.crt', authority.certificatePem);
    const caKey = saved(directory, 'ca.key', authority.keyPem);
    const key = saved(directory, 'leaf.key', keyPem);
    const file = saved(directory, 'extensions.cnf', extensions);
    const subject = '/O=system:nodes/CN=system:node:minion-1';
    const request = openssl(['req', '-new', '-key', key, '-subj', subject]);
    return openssl(
      ['x509', '-req', '-CA', ca, '-CAkey', caKey, '-days', '365', '-extfile', file, '-set_serial', '7'],
      request,
    );
  }
  const names = 'DNS:minion-1,IP:192.168.56.21,IP:::1';
  const cases: [string, string, string[]][] = [
    ['one that fits', `subjectAltName=${names}\nextendedKeyUsage=serverAuth`, []],
    [
      'kinds of names we do not use',
      `subjectAltName=${names},email:a@b,URI:https://x/\nextendedKeyUsage=serverAuth`,
      ['has the name email:a@b, URI:https://x/ which nobody asked for'],
    ],
    [
      'an address written as host name',
      'subjectAltName=DNS:minion-1,DNS:192.168.56.21,IP:::1\nextendedKeyUsage=serverAuth',
      ['lacks the name IP:192.168.56.21', 'has the name DNS:192.168.56.21 which nobody asked for'],
    ],
    ['no usage at all', `subjectAltName=${names}`, ['is for use as anything instead of server']],
    [
      'a usage we do not know',
      `subjectAltName=${names}\nextendedKeyUsage=serverAuth,codeSigning`,
      ['is for use as 1.3.6.1.5.5.7.3.3, server instead of server'],
    ],
    [
      'an authority',
      `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:TRUE`,
      ['is the certificate of an authority'],
    ],
  ];
  it.each(cases)('%s', (_, extensions, reasons) => {
    expect(problems(foreign(extensions))).toEqual(reasons);
  });
});

describe('certificateProblems over time', () => {
  it('asks for renewal when less than a third of the life is left', () => {
    const pem = issue();
    laterBy(240);
    expect(problems(pem)).toEqual([]);
    laterBy(5);
    expect(problems(pem)).toEqual(['has only 119 of 365 days left']);
    expect(certificateProblems(pem, keyPem, spec, authority, { renewWhenLess: 0.1 })).toEqual([]);
  });

  it('names what expired and what is not valid yet', () => {
    const pem = issue();
    laterBy(366);
    expect(problems(pem)).toEqual([expect.stringMatching(/^expired on /)]);
    vi.useRealTimers();
    laterBy(-1);
    expect(problems(pem)).toEqual([expect.stringMatching(/^is not valid before /)]);
  });

  it('accepts the short leaf of an authority near its end, else it would be renewed on each run', () => {
    laterBy(3640);
    expect(problems(issue())).toEqual([]);
  });

  it('sees a leaf that outlives its authority', async () => {
    const brief = await newAuthority({ commonName: 'cluster', days: 1 });
    expect(certificateProblems(issue(), keyPem, spec, brief)).toContain('outlives its authority');
  });
});

describe('keyMatches', () => {
  it('is true for the one key only', () => {
    expect(keyMatches(issue(), keyPem)).toBe(true);
    expect(keyMatches(issue(), otherKeyPem)).toBe(false);
    expect(keyMatches('nonsense', keyPem)).toBe(false);
  });
});
