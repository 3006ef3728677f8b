import { describe, expect, it } from 'vitest';
import { derive } from '../../src/cluster/derive.ts';
import { master, minion, problemsOf } from './problems-of.ts';

const kubernetes = { flavour: 'kubeadm' };
const told = (written: object): string[] =>
  problemsOf(written).map((problem) => problem.replace(/^c\.json:\d+:\d+ /, ''));
const patch = { metadata: { labels: { team: 'platform' } } };

describe('with kubeadm', () => {
  it.each<[written: object, line: string]>([
    [
      { pki: { signer: 'operator' } },
      'pki.signer: with kubernetes.flavour kubeadm the masters sign what kubelets ask for; allowed: "cluster"',
    ],
    [
      { controlPlane: { style: 'systemd' } },
      'controlPlane.style: kubeadm makes static pods; allowed: "static-pods"',
    ],
    [
      { controlPlane: { registerNode: false, schedulable: true }, nodes: [master] },
      'controlPlane.registerNode: kubeadm makes every master a node; allowed: true',
    ],
    ...[{}, { kubeProxy: 'nftables' }].map((more): [written: object, line: string] => [
      { network: { cni: 'calico', ...more } },
      'network.kubeProxy: calico sets its rules by iptables, and kube-proxy must do so too; allowed: "iptables"',
    ]),
    [
      { kubeadm: { patches: [{ target: 'kube-scheduler', type: 'json', patch }] } },
      'kubeadm.patches[0].patch: a patch of the type json; allowed: a list of operations',
    ],
    [
      { kubeadm: { patches: [{ target: 'kube-scheduler', patch: [{}] }] } },
      'kubeadm.patches[0].patch: a patch of the type strategic; allowed: an object',
    ],
  ])('%j is refused', (written, line) => {
    expect(told({ kubernetes, nodes: [master, minion], ...written })).toEqual([line]);
  });

  it.each(['flannel', 'routes', 'cilium', 'kube-router', 'none'])('%s may connect pods', (cni) => {
    expect(told({ kubernetes, network: { cni } })).toEqual([]);
  });

  it.each(['flannel', 'routes', 'calico', 'canal', 'cilium', 'kube-router', 'none'])(
    '%s goes with iptables',
    (cni) => {
      expect(told({ kubernetes, network: { cni, kubeProxy: 'iptables' } })).toEqual([]);
    },
  );

  it('signs on the masters and runs static pods without being told', () => {
    const { pki, controlPlane } = derive({ kubernetes: { flavour: 'kubeadm' } }, '/');
    expect([pki.signer, controlPlane.style]).toEqual(['cluster', 'static-pods']);
  });
});

it('what only kubeadm would read is a mistake without it', () => {
  const kubeadm = { patches: [{ target: 'kube-scheduler', patch }], ignorePreflightErrors: ['Mem'] };
  const words =
    'counts only with kubernetes.flavour kubeadm; allowed: controlPlane.extraArgs, which every flavour knows';
  expect(told({ kubeadm, nodes: [master, minion] })).toEqual([
    expect.stringContaining(`kubeadm.patches: ${words}`),
    expect.stringContaining(`kubeadm.ignorePreflightErrors: ${words}`),
  ]);
});
