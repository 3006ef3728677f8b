import { describe, expect, it } from 'vitest';
import { master, minion, problemsOf } from './problems-of.ts';

/** Mistakes that show only when fields are seen together; given as data, told without line and column. */
const contradictions: readonly (readonly [written: object, line: string])[] = [
  ...(['flannel', 'routes', 'calico', 'canal'] as const).map(
    (cni) =>
      [
        { network: { cni, kubeProxy: 'disabled' } },
        `network.kubeProxy: without kube-proxy nobody makes Services reachable: ${cni} does not; allowed: "nftables" or "iptables"; "disabled" with network.cni cilium or kube-router, or none and a plug-in that does it`,
      ] as const,
  ),
  [
    { network: { cni: 'routes', flannel: { vni: 7 } } },
    'network.flannel: counts only with network.cni flannel; here it is routes',
  ],
  ...(['host-gw', 'wireguard'] as const).map(
    (backend) =>
      [
        { network: { flannel: { backend, vni: 7 } } },
        `network.flannel.vni: counts only with network.flannel.backend vxlan; here it is ${backend}; allowed: nothing here; or backend "vxlan"`,
      ] as const,
  ),
  ...(['flannel', 'routes'] as const).map(
    (cni) =>
      [
        { network: { cni, policy: true }, addons: { 'network-policy': false } },
        `addons.network-policy: network.policy is true, and with ${cni} it is this add-on that makes NetworkPolicies hold; allowed: true, or leave it out; or network.policy false`,
      ] as const,
  ),
  ...(['calico', 'canal'] as const).map(
    (cni) =>
      [
        { network: { cni } },
        `network.kubeProxy: ${cni} sets its rules by iptables, and kube-proxy must do so too; allowed: "iptables"`,
      ] as const,
  ),
  ...(['32767-30000', '30000-70000'] as const).map(
    (nodePortRange) =>
      [
        { network: { nodePortRange } },
        `network.nodePortRange: ${nodePortRange} is no range of ports; allowed: such as "30000-32767"`,
      ] as const,
  ),
  [
    { network: { nodePortRange: '2000-2400' } },
    'network.nodePortRange: 2379 of the machines belongs to etcd; allowed: such as "30000-32767"',
  ],
  [
    { network: { nodePortRange: '20000-22767' }, addons: { registry: true } },
    'addons.registry: its port 30500 is not inside network.nodePortRange 20000-22767; allowed: { "port": 20000 }',
  ],
  [
    { network: { cni: 'none', policy: true } },
    'network.policy: whether policies hold is for the plug-in that you bring (network.cni none); allowed: false',
  ],
  [
    { network: { cni: 'calico', kubeProxy: 'iptables' }, addons: { 'network-policy': true } },
    'addons.network-policy: calico (network.cni) makes NetworkPolicies hold by itself; allowed: false',
  ],
  [
    { network: { cni: 'kube-router' }, addons: { 'network-policy': true } },
    'addons.network-policy: kube-router (network.cni) makes NetworkPolicies hold by itself; allowed: false',
  ],
  [
    { network: { flannel: { store: 'kubernetes' } }, controlPlane: { registerNode: false } },
    'controlPlane.registerNode: flannel with its store in Kubernetes reaches pods from nodes only, and masters would be none; allowed: true; or network.cni routes, or flannel with network.flannel.store etcd',
  ],
  [
    { network: { cni: 'none' }, controlPlane: { registerNode: false } },
    'controlPlane.registerNode: network.cni none reaches pods from nodes only, and masters would be none; allowed: true; or network.cni routes, or flannel with network.flannel.store etcd',
  ],
  [
    { network: { serviceCidr: '10.96.0.0/12', machineCidr: '10.99.0.0/24' } },
    'network.serviceCidr: 10.96.0.0/12 (10.96.0.0 to 10.111.255.255) overlaps network.machineCidr 10.99.0.0/24 (10.99.0.0 to 10.99.0.255)',
  ],
  [
    { network: { machineCidr: '10.244.7.0/24' } },
    'network.machineCidr: 10.244.7.0/24 (10.244.7.0 to 10.244.7.255) overlaps network.podCidr 10.244.0.0/16 (10.244.0.0 to 10.244.255.255)',
  ],
  [
    { network: { podCidr: '10.96.128.0/18' } },
    'network.podCidr: 10.96.128.0/18 (10.96.128.0 to 10.96.191.255) overlaps network.serviceCidr 10.96.0.0/16 (10.96.0.0 to 10.96.255.255)',
  ],
  [
    { network: { machineCidr: '10.0.0.7/24' } },
    'network.machineCidr: 10.0.0.7/24 is an address inside a range, not a range; did you mean "10.0.0.0/24"?',
  ],
  [
    { network: { podCidr: '127.0.0.0/16' } },
    'network.podCidr: 127.0.0.0/16 (127.0.0.0 to 127.0.255.255) overlaps 127.0.0.0/8, which is loopback',
  ],
  [
    { network: { serviceCidr: '239.0.0.0/16' } },
    'network.serviceCidr: 239.0.0.0/16 (239.0.0.0 to 239.0.255.255) overlaps 224.0.0.0/4, which is multicast',
  ],
  [
    { network: { podCidr: '10.244.0.0/23' } },
    'network.podCidr: 10.244.0.0/23 (10.244.0.0 to 10.244.1.255) has no room for a /24 a machine; allowed: /22 or larger',
  ],
  [
    { network: { podCidr: '10.244.0.0/22' }, nodes: [master, { ...minion, count: 3 }] },
    'network.podCidr: 10.244.0.0/22 (10.244.0.0 to 10.244.3.255) has room for 3 machines, a /24 each, but there are 4; allowed: /21 or larger',
  ],
  [
    { network: { serviceCidr: '10.96.0.0/29' } },
    'network.serviceCidr: 10.96.0.0/29 is too small; allowed: /12 to /28',
  ],
  [
    { network: { serviceCidr: '11.0.0.0/11' } },
    'network.serviceCidr: 11.0.0.0/11 is too large; allowed: /12 to /28',
  ],
  [
    { network: { machineCidr: '10.0.0.0/30' } },
    'network.machineCidr: 10.0.0.0/30 is too small for a cluster; allowed: /29 or larger',
  ],
  [
    { network: { dns: { serviceIP: '10.97.0.10' } } },
    'network.dns.serviceIP: 10.97.0.10 is not inside network.serviceCidr 10.96.0.0/16 (10.96.0.0 to 10.96.255.255); did you mean "10.96.0.10"?',
  ],
  [
    { network: { dns: { serviceIP: '10.96.0.1' } } },
    `network.dns.serviceIP: 10.96.0.1 is the API's address of network.serviceCidr; did you mean "10.96.0.10"?`,
  ],
];

describe('a contradiction in the network', () => {
  it.each(contradictions)('%j', (written, line) => {
    expect(problemsOf(written).map((problem) => problem.replace(/^c\.json:\d+:\d+ /, ''))).toEqual([line]);
  });
});

const apart = [{ name: 'etcd', count: 3, roles: ['etcd'] }, { name: 'master', roles: ['master'] }, minion];
it.each<[string, object]>([
  ['vni with vxlan', { flannel: { backend: 'vxlan', vni: 7 } }],
  ['another backend', { flannel: { backend: 'host-gw' } }],
  ['Calico by iptables', { cni: 'calico', kubeProxy: 'iptables' }],
  ['a /24 for those that have pods', { podCidr: '10.244.0.0/22' }],
])('%s is no contradiction', (_, network) => {
  expect(problemsOf({ network, nodes: apart })).toEqual([]);
});

it.each<[network: object, addon: boolean]>([
  [{ policy: true }, true],
  [{ policy: false }, false],
  [{ cni: 'cilium', policy: true }, false],
])('%j goes with the add-on network-policy: %j', (network, addon) => {
  expect(problemsOf({ network, addons: { 'network-policy': addon } })).toEqual([]);
});
