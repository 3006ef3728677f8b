import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BundledFile } from '../../src/cli/product.ts';
import { openState, type State } from '../../src/state/directory.ts';
import { bundle } from '../../provisioners/bundle.ts';
import { preparePki } from '../../provisioners/pki.ts';
import { scratchDirectory } from '../pki/openssl.ts';
import { cluster } from './machines.ts';

const bundles = new Map<string, readonly BundledFile[]>();
let state: State;

beforeAll(async () => {
  const folder = mkdtempSync(join(scratchDirectory(), 'bundle-'));
  state = openState(join(folder, '.hardway'));
  await (await preparePki(cluster, state.path('pki'), true)).keep();
  for (const node of cluster.nodes) bundles.set(node.name, await bundle(cluster, node, state));
});

const filesOf = (name: string): readonly BundledFile[] => bundles.get(name) ?? expect.fail(name);
const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;

/** Also those that a kubeconfig embeds. */
const keysIn = (files: readonly BundledFile[]): string[] =>
  files
    .flatMap(({ content }) => [
      content,
      ...[...content.matchAll(/client-key-data: *"?([A-Za-z0-9+/=]+)/g)].map(([, data]) => atob(data ?? '')),
    ])
    .flatMap((text) => text.match(KEY) ?? []);

const minionFiles = [
  'etc/flannel/pki/ca.crt 644',
  'etc/flannel/pki/client.crt 644',
  'etc/flannel/pki/client.key 600',
  'etc/kubernetes/kubelet.conf 600',
  'etc/kubernetes/pki/ca.crt 644',
  'var/lib/kube-proxy/kubeconfig 600',
  'var/lib/kubelet/pki/kubelet-client-current.pem 600',
  'var/lib/kubelet/pki/kubelet-server-current.pem 600',
];
const pair = (path: string): string[] => [`${path}.crt 644`, `${path}.key 600`];

describe('a bundle', () => {
  it.each([
    ['minion-1', minionFiles],
    [
      'master',
      [
        ...minionFiles,
        ...['admin', 'controller-manager', 'scheduler'].map((name) => `etc/kubernetes/${name}.conf 600`),
        ...['apiserver', 'apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client'].flatMap(
          (name) => pair(`etc/kubernetes/pki/${name}`),
        ),
        ...['etc/kubernetes/pki/etcd/ca.crt 644', 'etc/kubernetes/pki/front-proxy-ca.crt 644'],
        ...['etc/kubernetes/pki/sa.pub 644', 'etc/kubernetes/pki/sa.key 600', 'etc/etcd/pki/ca.crt 644'],
        ...['server', 'peer', 'root'].flatMap((name) => pair(`etc/etcd/pki/${name}`)),
      ],
    ],
  ])('of %s holds exactly what that machine needs', (name, expected) => {
    const found = filesOf(name).map(({ path, mode }) => `${path} ${mode.toString(8)}`);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('holds no key of an authority', async () => {
    const pki = await preparePki(cluster, state.path('pki'), false);
    const authorities = (['ca', 'etcd-ca', 'front-proxy-ca'] as const).map((name) =>
      pki.authority(name).keyPem.trim(),
    );
    for (const { name } of cluster.nodes)
      for (const key of authorities) expect(keysIn(filesOf(name))).not.toContain(key);
  });

  it('has no private key in common with another one', () => {
    const keys = cluster.nodes.flatMap(({ name }) => keysIn(filesOf(name)));
    expect(keys.length).toBeGreaterThan(12);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('carries no name of the API server on a minion', () => {
    for (const { content } of filesOf('minion-1'))
      for (const pem of content.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [])
        expect(new X509Certificate(pem).subjectAltName ?? '').not.toContain('kubernetes');
  });
});
