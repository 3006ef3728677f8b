import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { redact, registerSecret } from '../../src/report/redact.ts';

const secret = 'p w"d/ü+=&\n7';
registerSecret(secret);
registerSecret('abcdef.0123456789abcdef');
registerSecret('');

const pem = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

describe('redact', () => {
  const forms: [string, string][] = [
    ['raw', secret],
    ['JSON', JSON.stringify({ a: secret })],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64url', Buffer.from(secret).toString('base64url')],
    ['URL', encodeURIComponent(secret)],
    ['form', new URLSearchParams({ a: secret }).toString()],
    ...['', 'x', 'xy', 'xyz'].map((before): [string, string] => [
      `base64 behind ${before.length} bytes`,
      Buffer.from(`${before}${secret}after`).toString('base64'),
    ]),
  ];
  it.each(forms)('takes it out as %s', (_, text) => {
    const clean = redact(`before ${text} after`);
    expect(clean).toContain('[secret]');
    expect(clean.startsWith('before ') && clean.endsWith(' after')).toBe(true);
    const core = Buffer.from(secret).toString('base64').slice(4, 12);
    expect(clean).not.toContain(core);
    expect(clean).not.toContain('w"d');
  });

  it('takes out every occurrence and leaves the rest', () => {
    const text = 'token abcdef.0123456789abcdef, again abcdef.0123456789abcdef; id abcdef';
    expect(redact(text)).toBe('token [secret], again [secret]; id abcdef');
    expect(redact('nothing to hide')).toBe('nothing to hide');
  });

  it('takes out private keys nobody registered, public ones stay', () => {
    const { privateKey, publicKey } = pem;
    const cut = privateKey.slice(0, 80);
    const base64 = Buffer.from(privateKey).toString('base64');
    for (const text of [privateKey, JSON.stringify(privateKey), cut, `key: ${base64}`]) {
      expect(redact(text)).toContain('[secret]');
      expect(redact(text)).not.toContain(privateKey.slice(40, 60));
      expect(redact(text)).not.toContain(base64.slice(50, 70));
    }
    expect(redact(publicKey)).toBe(publicKey);
    const publicBase64 = Buffer.from(publicKey).toString('base64');
    expect(redact(publicBase64)).toBe(publicBase64);
  });
});
