import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  defaultLockFile,
  fill,
  groupsOf,
  programOf,
  readLock,
  type Group,
  type ReleaseRecipe,
} from '../../src/artefacts/lock.ts';
import { optionalFor } from '../../src/artefacts/optional.ts';
import { derive } from '../../src/cluster/derive.ts';
import { addressesOf } from '../../src/artefacts/release-forms.ts';
import { downloadsOf } from '../../src/artefacts/releases.ts';

const lock = readLock(defaultLockFile());

describe('the lock that ships', () => {
  it('names each artefact once', () => {
    const names = lock.groups.flatMap((group) => group.files.map((file) => file.name));
    expect([...new Set(names)]).toEqual(names);
  });

  const wrapping = lock.groups.filter(({ wraps }) => wraps !== undefined);
  it.each(wrapping.map((group) => [group.name, group] as const))('%s: wraps what is there', (_, group) => {
    const inner = lock.groups.find(({ name }) => name === group.wraps);
    const programs = inner?.files.map(programOf);
    expect(group.files.map(programOf).filter((program) => !programs?.includes(program))).toEqual([]);
    expect(group.version).toBe(inner?.version);
  });

  const whole = lock.groups.filter(({ wraps }) => wraps === undefined);
  it.each(whole.map((group) => [group.name, group] as const))('%s: sources are whole', (_, group) => {
    const programs = group.files.map(programOf).sort();
    const recipe = group.modules;
    expect('packages' in recipe ? Object.keys(recipe.packages).sort() : [recipe.output]).toEqual(programs);
    for (const { url } of group.releases === null ? [] : addressesOf(group, group.releases, 'amd64')) {
      expect(url).toMatch(/^https:\/\/[^{}]+$/);
    }
    for (const sum of Object.values(group.releases?.sha256 ?? {})) expect(sum).toMatch(/^[0-9a-f]{64}$/);
  });

  // pause is a file inside k8s.io/kubernetes, two are ours; everything else is built from a module of its own version.
  const built = lock.groups
    .filter(({ name }) => !['pause', 'probe', 'network-policy'].includes(name))
    .map((group) => [group.name, group] as const);
  it.each(built)('%s: the Go module requires the locked version', (_, group) => {
    const goMod = readFileSync(
      join(dirname(defaultLockFile()), 'modules', group.modules.folder, 'go.mod'),
      'utf8',
    );
    expect(goMod.match(/^(require|\t)\s?\S+ v(?<version>\S+)$/m)?.groups?.version).toBe(group.version);
  });

  it.each([
    [
      'kubernetes',
      'https://dl.k8s.io/release/v1.36.4/bin/linux/arm64/kube-apiserver',
      'https://dl.k8s.io/release/v1.36.4/bin/linux/arm64/kube-apiserver.sha256',
    ],
    [
      'etcd',
      'https://github.com/etcd-io/etcd/releases/download/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz',
      'https://github.com/etcd-io/etcd/releases/download/v3.6.14/SHA256SUMS',
    ],
    [
      'flannel',
      'https://github.com/flannel-io/flannel/releases/download/v0.28.9/flanneld-arm64',
      'https://api.github.com/repos/flannel-io/flannel/releases/tags/v0.28.9',
    ],
    ['pause', 'https://registry.k8s.io/v2/pause/manifests/3.10.2'],
  ])('%s comes from its address', (name, ...urls) => {
    const group = lock.groups.find((one) => one.name === name) as Group;
    const addresses = group.releases && addressesOf(group, group.releases, 'arm64');
    expect(addresses?.slice(0, 2).map(({ url }) => url)).toEqual(urls);
  });
});

it('an archive is fetched once for all its programs', () => {
  const etcd = groupsOf(lock, { names: ['etcdctl'] })[0] as Group;
  const downloads = downloadsOf(etcd, etcd.releases as ReleaseRecipe, 'amd64');
  expect(downloads.map(({ programs }) => programs.map(({ path }) => path))).toEqual([
    ['etcd', 'etcdctl', 'etcdutl'].map((file) => `etcd-v3.6.14-linux-amd64/${file}`),
  ]);
});

it('what only an add-on needs is left alone until it is on', () => {
  const optional = lock.groups.flatMap((group) => group.for ?? []);
  expect(optional).toContain('traefik');
  expect(groupsOf(lock).flatMap((group) => group.for ?? [])).toEqual([]);
  const some = groupsOf(lock, { addons: ['traefik', 'coredns'] });
  expect(some.flatMap((group) => group.for ?? [])).toEqual(['traefik']);
  expect(some.length).toBe(groupsOf(lock).length + 1);
});

it.each(['nftables', 'iptables', 'disabled'] as const)(
  'kubeadm by %s has one image of kube-proxy',
  (kubeProxy) => {
    const addons = optionalFor(derive({ kubernetes: { flavour: 'kubeadm' }, network: { kubeProxy } }, '/'));
    const images = groupsOf(lock, { addons }).flatMap(({ files }) =>
      files.flatMap((file) => (file.kind === 'image' ? [file.image] : [])),
    );
    const references = images.map(({ reference }) => reference);
    expect(references.filter((one, index) => references.indexOf(one) !== index)).toEqual([]);
    const proxy = images.find(({ program }) => program.endsWith('/kube-proxy'));
    expect(
      Object.values(proxy?.names ?? {})
        .flat()
        .includes('iptables-restore'),
    ).toBe(kubeProxy === 'iptables');
    // To clear what its other mode has set.
    expect(proxy?.with).toContain('nft');
  },
);

it('an unknown artefact is refused by name', () => {
  expect(() => groupsOf(lock, { names: ['etcd', 'dockerd'] })).toThrow('knows no dockerd');
});

it('an unknown placeholder is refused', () => {
  expect(() => fill('v{version}-{os}', { version: '1' })).toThrow('{os}');
});
