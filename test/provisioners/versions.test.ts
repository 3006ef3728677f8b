import { describe, expect, it } from 'vitest';
import { refuseOtherRelease, refuseSkew } from '../../provisioners/versions.ts';
import { cluster } from './machines.ts';
import { fakeArtefacts } from './scratch.ts';

const { version } = cluster.kubernetes;
const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
const etcd = fakeArtefacts().get('etcd').version;
const way = [`1.${minor - 3}.9`, `1.${minor - 2}`, `1.${minor - 1}`, `1.${minor}`].join(' → ');

describe('a release', () => {
  it('that is not the one of the lock is refused, with both', () => {
    const asked = { ...cluster, kubernetes: { ...cluster.kubernetes, version: '1.36.77' } };
    expect(() => refuseOtherRelease(cluster, fakeArtefacts())).not.toThrow();
    expect(() => refuseOtherRelease(asked, fakeArtefacts())).toThrow(
      `cluster.json asks for Kubernetes 1.36.77; this Hardway installs ${version}`,
    );
  });

  const cases: [string, Record<string, string>, string | null][] = [
    ['nothing runs yet', {}, null],
    ['the same', { 'kube-apiserver': version, kubelet: version, etcd }, null],
    ['an older patch', { 'kube-apiserver': `${major}.${minor}.0` }, null],
    ['the minor before', { 'kube-apiserver': `1.${minor - 1}.99`, kubelet: `1.${minor - 1}.2` }, null],
    [
      'a newer patch',
      { 'kube-apiserver': `1.${minor}.${patch + 1}` },
      `runs kube-apiserver 1.${minor}.${patch + 1}; a step back to ${version} is never made`,
    ],
    [
      'a newer patch of two digits',
      { kubelet: `1.${minor}.10` },
      `runs kubelet 1.${minor}.10; a step back to ${version} is never made`,
    ],
    ['a newer minor', { kubelet: `1.${minor + 1}.0` }, 'a step back'],
    ['a newer database', { etcd: '3.99.0' }, `runs etcd 3.99.0; a step back to ${etcd} is never made`],
    ['two minors before', { 'kube-apiserver': `1.${minor - 2}.0` }, 'would skip a minor release'],
  ];
  it.each(cases)('%s', (_, runs, message) => {
    const check = () => refuseSkew('master', runs, fakeArtefacts());
    if (message === null) expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });

  it('that skips others is refused with the way that is permitted', () => {
    expect(() => refuseSkew('master', { kubelet: `1.${minor - 3}.9` }, fakeArtefacts())).toThrow(
      expect.objectContaining({ evidence: [`the permitted way: ${way}`] }) as Error,
    );
  });
});
