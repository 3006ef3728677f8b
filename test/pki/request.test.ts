import { describe, expect, it } from 'vitest';
import { HardwayError } from '../../src/errors.ts';
import { newAuthority } from '../../src/pki/authority.ts';
import { publicKeyPem } from '../../src/pki/keys.ts';
import { parseRequest } from '../../src/pki/request.ts';
import { openssl, saved, scratchDirectory } from './openssl.ts';

const directory = scratchDirectory();
const kinds: Record<string, string[]> = {
  'RSA 2048': ['RSA', 'rsa_keygen_bits:2048'],
  'P-256': ['EC', 'ec_paramgen_curve:P-256'],
  'P-384': ['EC', 'ec_paramgen_curve:P-384'],
};

function keyFile(kind: string): string {
  const [algorithm = '', option = ''] = kinds[kind] ?? [];
  return saved(directory, `${kind}.key`, openssl(['genpkey', '-algorithm', algorithm, '-pkeyopt', option]));
}

const subject = '/O=system:nodes/O=more/CN=system:node:minion-1';
const sans = 'subjectAltName=DNS:minion-1,IP:192.168.56.21,IP:fd00::1';

function request(key: string, ...more: string[]): string {
  return openssl(['req', '-new', '-key', key, '-subj', subject, '-addext', sans, ...more]);
}

const derOf = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[^-]+-----/g, ''), 'base64');

describe('parseRequest reads what openssl makes', () => {
  const digests = ['-sha256', '-sha384', '-sha512'];
  const cases = Object.keys(kinds).flatMap((kind) => digests.map((digest) => [kind, digest] as const));
  it.each(cases)('%s %s', (kind, digest) => {
    const key = keyFile(kind);
    const pem = request(key, digest);
    const read = parseRequest(pem);
    expect(read).toMatchObject({
      commonName: 'system:node:minion-1',
      organizations: ['system:nodes', 'more'],
      names: { dns: ['minion-1'], ip: ['192.168.56.21', 'fd00::1'], other: [] },
      verified: true,
    });
    expect(publicKeyPem(read.publicKey)).toBe(openssl(['pkey', '-in', key, '-pubout']));
    expect(parseRequest(derOf(pem))).toEqual(read);
    expect(parseRequest(Buffer.from(pem))).toEqual(read);
  });

  it('without names or attributes', () => {
    const pem = openssl(['req', '-new', '-key', keyFile('P-256'), '-subj', '/CN=x']);
    expect(parseRequest(pem)).toMatchObject({
      commonName: 'x',
      organizations: [],
      names: { dns: [], ip: [], other: [] },
    });
  });

  it('in the old armour', () => {
    const pem = request(keyFile('P-256'), '-newhdr');
    expect(pem).toContain('NEW CERTIFICATE');
    expect(parseRequest(pem).verified).toBe(true);
  });

  it('and hides no name of another kind', () => {
    const more = 'subjectAltName=DNS:a,email:a@b,URI:https://x/,otherName:1.2.3.4;UTF8:x,dirName:d';
    const config = saved(directory, 'san.cnf', `[req]\ndistinguished_name=d\n[e]\n${more}\n[d]\nCN=x\n`);
    const args = ['-config', config, '-reqexts', 'e', '-subj', '/CN=x', '-key', keyFile('P-256')];
    const { names } = parseRequest(openssl(['req', '-new', ...args]));
    expect(names).toEqual({
      dns: ['a'],
      ip: [],
      other: ['email:a@b', 'URI:https://x/', 'othername', 'DirName'],
    });
  });

  it('so that it can be certified', async () => {
    const authority = await newAuthority({ commonName: 'ca', days: 2 });
    const { publicKey, commonName, organizations, names } = parseRequest(request(keyFile('P-256')));
    const leaf = authority.issue({
      publicKey,
      commonName,
      organizations,
      names,
      usages: ['server'],
      days: 1,
    });
    const ca = saved(directory, 'ca.crt', authority.certificatePem);
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca];
    expect(openssl(args, leaf.certificatePem)).toContain('OK');
  });
});

describe('a request nobody should believe', () => {
  it('is unverified when a byte of its content was changed', () => {
    const der = derOf(request(keyFile('RSA 2048')));
    der.write('system:node:minion-2', der.indexOf('system:node:minion-1'));
    expect(parseRequest(der)).toMatchObject({ commonName: 'system:node:minion-2', verified: false });
  });

  it('is unverified when its signature was changed', () => {
    const der = derOf(request(keyFile('RSA 2048')));
    der.writeUInt8(der.readUInt8(der.length - 9) ^ 1, der.length - 9);
    expect(parseRequest(der).verified).toBe(false);
  });

  it('is unverified when somebody else’s key was put in', () => {
    // A P-256 point is the last 64 bytes of its SubjectPublicKeyInfo.
    const pointIn = (pem: string): Buffer => derOf(publicKeyPem(parseRequest(pem).publicKey)).subarray(-64);
    const [own, foreign] = [request(keyFile('P-256')), request(keyFile('P-256'))];
    const der = derOf(own);
    pointIn(foreign).copy(der, der.indexOf(pointIn(own)));
    expect(parseRequest(der).publicKey.equals(parseRequest(foreign).publicKey)).toBe(true);
    expect(parseRequest(der).verified).toBe(false);
  });

  it.each([
    ['RSA 2048', '-sha1'],
    ['P-256', '-sha1'],
  ])('is unverified with %s %s', (kind, digest) => {
    expect(parseRequest(request(keyFile(kind), digest)).verified).toBe(false);
  });
});

describe('garbage', () => {
  const good = (): Buffer => derOf(request(keyFile('P-256')));
  /** Valid BER that says the same, which DER forbids: lengths have one form only. */
  const longWay = (der: Buffer): Buffer =>
    der[1] === 0x82
      ? Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)])
      : Buffer.concat([Buffer.from([0x30, 0x82, 0]), der.subarray(2)]);
  const twoNames = (): string => openssl(['req', '-new', '-key', keyFile('P-256'), '-subj', '/CN=a/CN=b']);
  const cases: [string, () => string | Buffer][] = [
    ['nothing', () => ''],
    ['no bytes', () => Buffer.alloc(0)],
    ['plain text', () => 'hello'],
    ['another kind of PEM', () => openssl(['genpkey', '-algorithm', 'ED25519'])],
    ['two requests', () => request(keyFile('P-256')).repeat(2)],
    ['a tail', () => Buffer.concat([good(), Buffer.from([0])])],
    ['an element of no length', () => Buffer.from([0x30, 0x80, 0, 0])],
    ['an absurd length', () => Buffer.from([0x30, 0xff, ...Array(127).fill(0xff)])],
    ['deep nesting', () => Buffer.from(Array(4000).fill([0x30, 0x80]).flat())],
    ['a length written longer than needed', () => longWay(good())],
    ['too much of it', () => request(keyFile('P-256')) + '\n'.repeat(64 * 1024)],
    ['two common names', twoNames],
    ['no common name', () => openssl(['req', '-new', '-key', keyFile('P-256'), '-subj', '/O=a'])],
  ];
  it.each(cases)('%s is refused', (_, make) => {
    expect(codeOf(() => parseRequest(make()))).toBe('REQUEST');
  });

  it('cut off anywhere is refused', () => {
    const der = good();
    for (let length = 0; length < der.length; length++) {
      expect(codeOf(() => parseRequest(der.subarray(0, length)))).toBe('REQUEST');
    }
  });

  it('with any one bit changed is refused or at least not verified', () => {
    const der = good();
    for (let at = 0; at < der.length; at++) {
      const bent = Buffer.from(der);
      bent.writeUInt8(bent.readUInt8(at) ^ (1 << (at % 8)), at);
      expect(['REQUEST', 'unverified']).toContain(codeOf(() => parseRequest(bent).verified));
    }
  });
});

/** The error's code, 'unverified', or what else came out. */
function codeOf(attempt: () => unknown): unknown {
  try {
    const result = attempt();
    return result === false ? 'unverified' : result;
  } catch (error) {
    return error instanceof HardwayError ? error.code : error;
  }
}
