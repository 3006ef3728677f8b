import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { HardwayError, StateError } from '../../src/errors.ts';
import { loadAuthority, newAuthority } from '../../src/pki/authority.ts';
import type { Authority, LeafRequest } from '../../src/pki/authority.ts';
import { newKey, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { openssl, saved, scratchDirectory } from './openssl.ts';

const directory = scratchDirectory();
const day = 24 * 60 * 60 * 1000;
let authority: Authority;
let caFile: string;
let base: LeafRequest;

beforeAll(async () => {
  authority = await newAuthority({ commonName: 'lab cluster', days: 3650 });
  caFile = saved(directory, 'ca.crt', authority.certificatePem);
  base = {
    publicKey: publicHalf(await newKey()),
    commonName: 'kube-apiserver',
    usages: ['server'],
    names: { dns: ['kubernetes', 'kubernetes.default.svc'], ip: ['10.96.0.1', '::1', 'fd00::A'] },
    days: 365,
  };
});
afterEach(() => {
  vi.useRealTimers();
});

const text = (pem: string): string => openssl(['x509', '-noout', '-text'], pem);
const verifies = (pem: string, purpose: string): string =>
  openssl(['verify', '-x509_strict', '-purpose', purpose, '-CAfile', caFile], pem);

describe('an authority, as openssl sees it', () => {
  it('may sign certificates and nothing a server does', () => {
    const seen = text(authority.certificatePem);
    expect(seen).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
    expect(seen).toMatch(/Key Usage: critical\s+Digital Signature, Certificate Sign, CRL Sign/);
    expect(seen).toContain('Subject Key Identifier');
    expect(seen).toContain('Signature Algorithm: sha256WithRSAEncryption');
    expect(seen).toContain('Issuer: CN = lab cluster');
    expect(verifies(authority.certificatePem, 'any')).toContain('OK');
  });

  it('dates far away take the four-digit year', async () => {
    const old = await newAuthority({ commonName: 'far', days: 36500 });
    expect(openssl(['x509', '-noout', '-enddate'], old.certificatePem)).toMatch(/notAfter=.* 21\d\d GMT/);
  });
});

describe('a leaf, as openssl sees it', () => {
  const usages = [
    {
      usages: ['server'],
      passes: ['sslserver'],
      fails: ['sslclient'],
      shown: 'TLS Web Server Authentication',
    },
    {
      usages: ['client'],
      passes: ['sslclient'],
      fails: ['sslserver'],
      shown: 'TLS Web Client Authentication',
    },
    {
      usages: ['server', 'client'],
      passes: ['sslserver', 'sslclient'],
      fails: [],
      shown: 'TLS Web Server Authentication, TLS Web Client Authentication',
    },
  ] as const;
  it.each(usages)('for $usages', ({ usages, passes, fails, shown }) => {
    const { certificatePem } = authority.issue({ ...base, usages });
    for (const purpose of passes) expect(verifies(certificatePem, purpose)).toContain('OK');
    for (const purpose of fails)
      expect(() => verifies(certificatePem, purpose)).toThrow(/certificate purpose/);
    expect(text(certificatePem)).toMatch(new RegExp(`Extended Key Usage: \n\\s+${shown}\n`));
  });

  it('carries exactly the names, the subject and the constraints', () => {
    const organizations = ['system:nodes', 'Büro, "A"', 'system:nodes'];
    const seen = text(authority.issue({ ...base, organizations }).certificatePem);
    expect(seen).toMatch(/Subject: O = system:nodes, O = .*, CN = kube-apiserver\n/);
    expect(seen.match(/O = system:nodes/g)).toHaveLength(1);
    expect(seen).toContain(
      'DNS:kubernetes, DNS:kubernetes.default.svc, IP Address:10.96.0.1, ' +
        'IP Address:0:0:0:0:0:0:0:1, IP Address:FD00:0:0:0:0:0:0:A\n',
    );
    expect(seen).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(seen).toMatch(/X509v3 Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
    const [own] = /Subject Key Identifier: \n\s+(\S+)/.exec(text(authority.certificatePem))?.slice(1) ?? [];
    expect(seen).toMatch(new RegExp(`Authority Key Identifier: \n\\s+(keyid:)?${own}`));
  });

  it('writes key usages in the shortest form, as strict readers want them', async () => {
    const bytesOf = (pem: string): string => new X509Certificate(pem).raw.toString('hex');
    const ec = authority.issue({ ...base, publicKey: publicHalf(await newKey('ecdsa')) });
    expect(bytesOf(authority.certificatePem)).toContain('551d0f0101ff040403020186');
    expect(bytesOf(authority.issue(base).certificatePem)).toContain('551d0f0101ff0404030205a0');
    expect(bytesOf(ec.certificatePem)).toContain('551d0f0101ff040403020780');
  });

  it('has no list of names when there are none', () => {
    const { certificatePem } = authority.issue({ ...base, usages: ['client'], names: { dns: [], ip: [] } });
    expect(text(certificatePem)).not.toContain('Subject Alternative Name');
  });

  it.each(['P-256', 'P-384', 'P-521'])('may hold an EC key (%s) under the RSA authority', (namedCurve) => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve });
    const { certificatePem } = authority.issue({ ...base, publicKey });
    expect(verifies(certificatePem, 'sslserver')).toContain('OK');
    expect(text(certificatePem)).toMatch(/X509v3 Key Usage: critical\s+Digital Signature\n/);
    expect(new X509Certificate(certificatePem).publicKey.equals(publicKey)).toBe(true);
  });

  it('takes a common name as long as the node with the longest name needs', () => {
    const commonName = `system:node:${'n'.repeat(63)}`;
    const { certificatePem } = authority.issue({ ...base, commonName });
    expect(verifies(certificatePem, 'sslserver')).toContain('OK');
  });
});

describe('serial numbers', () => {
  it('are positive, 16 bytes long and never the same twice', () => {
    const serials = Array.from(
      { length: 500 },
      () => new X509Certificate(authority.issue(base).certificatePem).serialNumber,
    );
    expect(new Set(serials).size).toBe(500);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
  });
});

describe('dates', () => {
  const datesOf = (pem: string): [number, number] => {
    const { validFrom, validTo } = new X509Certificate(pem);
    return [Date.parse(validFrom), Date.parse(validTo)];
  };

  it('begin five minutes ago and end after the days asked for', () => {
    const now = Date.now();
    const [from, to] = datesOf(authority.issue({ ...base, days: 10 }).certificatePem);
    expect(Math.abs(from - (now - 5 * 60 * 1000))).toBeLessThan(2000);
    expect(Math.abs(to - (now + 10 * day))).toBeLessThan(2000);
  });

  it('never go beyond those of the authority', () => {
    const [, to] = datesOf(authority.issue({ ...base, days: 9999 }).certificatePem);
    expect(to).toBe(Date.parse(authority.certificate.validTo));
  });
});

describe('what an authority refuses to certify', () => {
  const weakRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const oddCurve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const cases: [string, Partial<LeafRequest>, RegExp][] = [
    ['an empty common name', { commonName: '' }, /common name is empty/],
    ['no usage', { usages: [] }, /no usage/],
    ['no life', { days: 0 }, /a life of 0 days/],
    ['a life that is no number', { days: Number.NaN }, /a life of NaN/],
    ['a wildcard', { names: { dns: ['*.lab'], ip: [] } }, /"\*.lab" is no host name/],
    ['two names in one', { names: { dns: ['a, DNS:b'], ip: [] } }, /is no host name/],
    ['an address as host name', { names: { dns: ['10.0.0.1'], ip: [] } }, /"10.0.0.1" is no host name/],
    ['a host name as address', { names: { dns: [], ip: ['lab'] } }, /"lab" is no IP address/],
    ['an octal address', { names: { dns: [], ip: ['010.0.0.1'] } }, /is no IP address/],
    ['an address with zone', { names: { dns: [], ip: ['fe80::1%eth0'] } }, /is no IP address/],
    ['a short RSA key', { publicKey: weakRsa.publicKey }, /1024 bits/],
    ['an odd curve', { publicKey: oddCurve.publicKey }, /secp256k1/],
    ['an Ed25519 key', { publicKey: generateKeyPairSync('ed25519').publicKey }, /ed25519/],
    ['a private key', { publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }, /public/],
  ];
  it.each(cases)('%s', (_, change, reason) => {
    const attempt = (): unknown => authority.issue({ ...base, ...change });
    expect(attempt).toThrow(HardwayError);
    expect(evidenceOf(attempt)).toMatch(reason);
  });
});

describe('loading an authority', () => {
  it('gives the same one back', () => {
    const again = loadAuthority(authority.certificatePem, authority.keyPem);
    expect(again.fingerprint).toBe(authority.fingerprint);
    expect(verifies(again.issue(base).certificatePem, 'sslserver')).toContain('OK');
  });

  it('works with one that openssl made, its subject taken over byte for byte', () => {
    const key = `${directory}/foreign.key`;
    const foreignPem = openssl(
      `req -x509 -newkey rsa:2048 -nodes -keyout ${key} -days 30 -subj /C=DE/O=Foreign/CN=Own -batch -addext keyUsage=critical,keyCertSign`.split(
        ' ',
      ),
    );
    const foreign = loadAuthority(foreignPem, openssl(['pkey', '-in', key]));
    const leaf = foreign.issue(base).certificatePem;
    const file = saved(directory, 'foreign.crt', foreignPem);
    expect(openssl(['verify', '-x509_strict', '-CAfile', file], leaf)).toContain('OK');
    // Go compares the encoded names, string kinds included.
    const named = (pem: string, which: string): string =>
      openssl(['x509', '-noout', `-${which}`, '-nameopt', 'RFC2253,dump_all,dump_der'], pem)
        .split('=')
        .slice(1)
        .join('=');
    expect(named(leaf, 'issuer')).toBe(named(foreignPem, 'subject'));
  });

  it('refuses what is none', async () => {
    const leafKey = await newKey();
    const leaf = authority.issue({ ...base, publicKey: publicHalf(leafKey) });
    const attempts: [() => Authority, RegExp][] = [
      [() => loadAuthority(leaf.certificatePem, privateKeyPem(leafKey)), /no authority/],
      [() => loadAuthority(authority.certificatePem, privateKeyPem(leafKey)), /another one/],
      [() => loadAuthority('nothing', authority.keyPem), /certificate of an authority cannot be read/],
      [() => loadAuthority(authority.certificatePem, 'nothing'), /key of an authority cannot be read/],
    ];
    for (const [attempt, reason] of attempts) {
      expect(attempt).toThrow(StateError);
      expect(attempt).toThrow(reason);
    }
  });

  it('refuses an expired one', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3651 * day });
    expect(() => loadAuthority(authority.certificatePem, authority.keyPem)).toThrow(/expired on/);
  });
});

function evidenceOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    return error instanceof HardwayError ? error.evidence.join('\n') : String(error);
  }
  return '';
}
