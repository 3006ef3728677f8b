import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyWeakness, newKey, privateKeyPem, publicKeyPem } from '../../src/pki/keys.ts';
import { openssl } from './openssl.ts';

describe('newKey', () => {
  it.each([
    ['rsa', /Private-Key: \(2048 bit/],
    ['ecdsa', /ASN1 OID: prime256v1/],
  ] as const)('%s: openssl reads both halves', async (algorithm, shown) => {
    const key = await newKey(algorithm);
    const pem = privateKeyPem(key);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(openssl(['pkey', '-noout', '-text'], pem)).toMatch(shown);
    expect(openssl(['pkey', '-check', '-noout'], pem)).toContain('valid');
    expect(openssl(['pkey', '-pubout'], pem)).toBe(publicKeyPem(key));
    expect(createPrivateKey(pem).equals(key)).toBe(true);
    expect(publicKeyPem(createPublicKey(key))).toBe(publicKeyPem(key));
  });

  it('leaves the event loop free', async () => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 1);
    await Promise.all(Array.from({ length: 8 }, () => newKey('rsa')));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });
});

describe('keyWeakness', () => {
  const cases: [string, ReturnType<typeof generateKeyPairSync>['publicKey'], RegExp | null][] = [
    ['RSA 2048', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, null],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, null],
    ['RSA 1024', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey, /1024/],
    ['P-192', generateKeyPairSync('ec', { namedCurve: 'prime192v1' }).publicKey, /prime192v1/],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey, /ed25519/],
    ['RSA-PSS', generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey, /rsa-pss/],
  ];
  it.each(cases)('%s', (_, key, reason) => {
    if (reason === null) expect(keyWeakness(key)).toBeNull();
    else expect(keyWeakness(key)).toMatch(reason);
  });
});
