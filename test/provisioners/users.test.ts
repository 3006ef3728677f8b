import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { certificates } from '../../provisioners/certificates.ts';
import { preparePki } from '../../provisioners/pki.ts';
import { user } from '../../provisioners/users.ts';
import { cluster } from './machines.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardway-users-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => (await preparePki(cluster, folder, true)).keep());

const ask = (name: string, groups: string[] = ['viewers'], ttl = '8h') =>
  user(cluster, folder, { name, groups, ttl });

interface Kubeconfig {
  readonly clusters: readonly [{ cluster: Record<string, string> }];
  readonly users: readonly [{ name: string; user: Record<string, string> }];
}

describe('a user', () => {
  it('has a certificate with this name, exactly these groups, and this life', async () => {
    const { kubeconfig, serial, expires } = await ask('ann@example.org', ['viewers', 'team:blue']);
    const { clusters, users } = parse(kubeconfig) as Kubeconfig;
    const embedded = (key: string): Buffer => Buffer.from(users[0].user[key] ?? '', 'base64');
    const certificate = new X509Certificate(embedded('client-certificate-data'));
    expect(certificate.subject.split('\n').sort()).toEqual([
      'CN=ann@example.org',
      'O=team:blue',
      'O=viewers',
    ]);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect([certificate.serialNumber, Date.parse(certificate.validTo)]).toEqual([serial, expires.getTime()]);
    const hours = (expires.getTime() - Date.now()) / 3_600_000;
    expect(hours > 7.99 && hours <= 8).toBe(true);
    const ca = new X509Certificate(
      Buffer.from(clusters[0].cluster['certificate-authority-data'] ?? '', 'base64'),
    );
    expect(certificate.verify(ca.publicKey)).toBe(true);
    expect(embedded('client-key-data').toString()).toContain('PRIVATE KEY');
  });

  it('has a key and a serial of its own each time', async () => {
    const [one, two] = await Promise.all([ask('ann'), ask('ann')]);
    expect(one.serial).not.toBe(two.serial);
    expect(one.kubeconfig).not.toBe(two.kubeconfig);
  });

  it.each([
    ['system:admin', ['x'], 'system:admin is the name of a component'],
    ['kube-apiserver-kubelet-client', ['x'], 'kube-apiserver-kubelet-client is the name of a component'],
    ['hardway-break-glass', ['x'], 'hardway-break-glass is the name of a component'],
    ['ann', ['viewers', 'system:masters'], 'system:masters belongs to Kubernetes itself'],
    ['ann', ['system:nodes'], 'system:nodes belongs to Kubernetes itself'],
    ['a,O=system:masters', ['x'], '"a,O=system:masters" is no user name'],
    ['', ['x'], '"" is no user name'],
    ['a/b', ['x'], '"a/b" is no user name'],
    ['a'.repeat(65), ['x'], 'is no user name'],
    ['ann', ['a b'], '"a b" is no group name'],
    ['ann', ['a\nsystem:masters'], 'is no group name'],
  ])('%j in %j is refused', async (name, groups, message) => {
    await expect(ask(name, groups)).rejects.toThrow(message);
  });

  it.each([
    ['8', 'is no length of time'],
    ['0h', 'is no length of time'],
    ['-8h', 'is no length of time'],
    ['2y', '2y is longer than any certificate may live (pki.leafValidity: 1y)'],
  ])('a life of %s is refused', async (ttl, message) => {
    await expect(ask('ann', ['x'], ttl)).rejects.toThrow(message);
  });

  it('can have no name that a component has', async () => {
    for (const { commonName } of certificates(cluster))
      await expect(ask(commonName)).rejects.toThrow(/component/);
  });
});
