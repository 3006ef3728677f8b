import { describe, expect, it } from 'vitest';
import { versions } from '../../provisioners/program-versions.ts';
import { cluster } from './machines.ts';

const output = `os|Debian GNU/Linux 12 (bookworm)
kernel|6.1.0-18-amd64
etcd|etcd Version: 3.6.14
containerd|containerd github.com/containerd/containerd/v2 v2.3.7 
runc|runc version 1.4.3
kubelet|Kubernetes v1.36.4
flanneld|v0.28.9
kube-proxy|Kubernetes v1.37.0-rc.1
kube-apiserver|cannot run
`;

describe('versions of programs', () => {
  it('are read from what they print', () => {
    expect(Object.entries(versions.read(output))).toEqual([
      ['os', 'Debian GNU/Linux 12 (bookworm)'],
      ['kernel', '6.1.0-18-amd64'],
      ['containerd', '2.3.7'],
      ['runc', '1.4.3'],
      ['kubelet', '1.36.4'],
      ['kube-proxy', '1.37.0-rc.1'],
      ['flanneld', '0.28.9'],
      ['etcd', '3.6.14'],
      ['kube-apiserver', 'cannot run'],
    ]);
  });

  it('are compared with what a run installs', () => {
    expect(versions.wanted(cluster)).toMatchObject({ kubelet: cluster.kubernetes.version, etcd: '3.6.14' });
  });

  it.each([
    ['1.36.4', {}, 0],
    ['1.36.4', { kubelet: '1.33.0', 'kube-proxy': '1.33.9', 'kube-scheduler': '1.35.1' }, 0],
    ['1.36.4', { kubelet: '1.32.9' }, 1],
    ['1.36.4', { kubelet: '1.37.0' }, 1],
    ['1.36.4', { 'kube-controller-manager': '1.34.0', 'kube-proxy': '1.32.0' }, 2],
  ])('kube-apiserver %s beside %j', (server, others, count) => {
    const machines = new Map([
      ['master', { 'kube-apiserver': server }],
      ['minion-1', others],
    ]);
    const problems = versions.problems(machines);
    expect(problems).toHaveLength(count);
    for (const text of problems)
      expect(text).toMatch(/^minion-1: \S+ \S+ beside kube-apiserver 1\.36\.4 of master: it may /);
  });

  it('of several API servers the oldest counts', () => {
    const machines = new Map([
      ['one', { 'kube-apiserver': '1.36.0', kubelet: '1.36.0' }],
      ['two', { 'kube-apiserver': '1.35.0', kubelet: '1.35.0' }],
    ]);
    expect(versions.problems(machines)).toEqual([
      'one: kubelet 1.36.0 beside kube-apiserver 1.35.0 of two: it may never be newer',
    ]);
  });
});
