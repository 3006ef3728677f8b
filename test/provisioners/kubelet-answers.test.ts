import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Authority, newAuthority } from '../../src/pki/authority.ts';
import { answerKubelets, parseLine } from '../../provisioners/kubelet-requests.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';
import type { Scope } from '../../provisioners/scope.ts';
import { openssl } from '../pki/openssl.ts';
import { address, type Ask, client, csr, line, makeKey, serving } from './kubelet-csr.ts';
import { cluster } from './machines.ts';

const nodes = ['master', 'minion-1', 'minion-2'];

describe('answerKubelets', () => {
  let ca: Authority;
  beforeAll(async () => {
    ca = await newAuthority({ commonName: 'kubernetes', days: 10 });
  });
  const pki = (): ClusterPki => ({
    authority: () => ca,
    leaf: () => expect.fail('no other key is needed'),
    serviceAccount: { privatePem: '', publicPem: '' },
  });
  const attendance = (notes: string[] = []) => {
    const { replies, on } = answerKubelets('master');
    const reply = replies({ cluster, pki: pki(), joining: nodes } as unknown as Scope);
    return { on, reply: (text: string) => reply(text, (note) => notes.push(note)) };
  };
  const accepted: [string, Ask, string, string | undefined][] = [
    ['client', client, '1.3.6.1.5.5.7.3.2', undefined],
    [
      'client with RSA',
      {
        ...client,
        usages: [...(client.usages ?? []), 'key encipherment'],
        key: makeKey('rsa', '-algorithm RSA'),
      },
      '1.3.6.1.5.5.7.3.2',
      undefined,
    ],
    ['serving', serving, '1.3.6.1.5.5.7.3.1', `DNS:minion-1, IP Address:${address}`],
  ];
  it.each(accepted)('approves and signs: %s', (_, ask, usage, names) => {
    const notes: string[] = [];
    const script = attendance(notes).reply(line(ask)) ?? '';
    expect(script).toContain('certificate approve csr-1');
    const [, patch = ''] = /--subresource=status --type=merge --patch '([^']*)'/.exec(script) ?? [];
    const { status } = JSON.parse(patch) as { status: { certificate: string } };
    const certificate = new X509Certificate(Buffer.from(status.certificate, 'base64'));
    expect(certificate.verify(ca.certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('O=system:nodes\nCN=system:node:minion-1');
    expect([certificate.keyUsage, certificate.subjectAltName]).toEqual([[usage], names]);
    const asked = openssl(['req', '-noout', '-pubkey'], csr(ask));
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(asked);
    expect([certificate.ca, notes]).toEqual([false, []]);
  });

  it('denies with the reason, tells it, and signs nothing', () => {
    const notes: string[] = [];
    const script = attendance(notes).reply(line({ ...serving, sans: 'DNS:x&y' })) ?? '';
    expect(script).toContain('--subresource=approval');
    expect(script).toContain('"type":"Denied"');
    expect(script).not.toMatch(/certificate approve|"certificate"/);
    expect(notes).toEqual([
      'certificate request csr-1 of system:node:minion-1 refused: x&y does not belong to minion-1',
    ]);
  });

  it('answers each request once, on the first master', () => {
    const { reply, on } = attendance();
    expect(on).toBe('master');
    expect([reply(line(client)) === null, reply(line(client))]).toEqual([false, null]);
  });

  it('answers it again when the answer did not arrive', () => {
    const { replies } = answerKubelets('master');
    const reply = replies({ cluster, pki: pki(), joining: nodes } as unknown as Scope);
    const quiet = (): void => undefined;
    reply(line(client), quiet);
    reply.failed?.(line(client));
    expect([reply(line(client), quiet) === null, reply(line(client), quiet)]).toEqual([false, null]);
  });

  it('signs what a killed run approved and did not sign', () => {
    expect(attendance().reply(line(client, 'Approved'))).toMatch(/"certificate"/);
  });

  const ignored: [string, string][] = [
    ['another signer', line({ ...client, signer: 'kubernetes.io/kube-apiserver-client' })],
    ['failed already', line(client, 'Failed')],
    ['denied already', line(client, 'Denied')],
    ['signed already', line(client, '', 'LS0t')],
    ['an empty line', ''],
    ['something else', 'No resources found'],
  ];
  it.each(ignored)('leaves alone: %s', (_, text) => {
    expect([parseLine(text), attendance().reply(text)]).toEqual([null, null]);
  });
});
