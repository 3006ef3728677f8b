import { describe, expect, it } from 'vitest';
import { master, minion, problemsOf } from './problems-of.ts';

const taints = [{ key: 'gpu', effect: 'NoSchedule' }];

/** Told without line and column. */
const contradictions: readonly (readonly [written: object, line: string])[] = [
  [
    { nodes: [{ name: 'm', roles: ['master'] }] },
    'nodes: no node has the role "etcd"; at least one needs it',
  ],
  [
    { nodes: [{ name: 'e', roles: ['etcd'] }] },
    'nodes: no node has the role "master"; at least one needs it',
  ],
  [
    { controlPlane: { endpoint: '192.168.56.10' }, nodes: [{ ...master, count: 2 }] },
    'nodes[0].count: 2 etcd members bear no more failures than 1; an odd number is needed',
  ],
  [
    { nodes: [master, { ...minion, roles: ['minion', 'minion'] }] },
    'nodes[1].roles: "minion" stands in it twice',
  ],
  [
    { nodes: [master, { ...minion, count: 2 }, { name: 'minion-1', roles: ['minion'] }] },
    'nodes[2].name: the name "minion-1" is taken by nodes[1]',
  ],
  [
    { nodes: [master, { ...minion, address: '192.168.56.11' }] },
    'nodes[1].address: the address "192.168.56.11" is taken by nodes[0]',
  ],
  [
    { nodes: [master, { name: '192.168.56.9', roles: ['minion'] }] },
    'nodes[1].name: an address names only a machine that is reached by "ssh"',
  ],
  [
    { nodes: [master, { ...minion, name: '192.168.56.9', ssh: 'a@192.168.56.8' }] },
    'nodes[1].name: is an address, but not that of its machine, 192.168.56.8; give it that one or a name',
  ],
  [
    { nodes: [master, { ...minion, name: '192.168.56.300', ssh: 'a@192.168.56.8' }] },
    'nodes[1].name: 192.168.56.300 is no IPv4 address',
  ],
  [
    { nodes: [{ name: 'localhost', roles: ['etcd', 'master'] }] },
    `nodes[0].name: "localhost" is every machine's own name for itself`,
  ],
  [
    { nodes: [master, { ...minion, name: 'a'.repeat(62), count: 2 }] },
    `nodes[1].name: the machine name "${'a'.repeat(62)}-2" is longer than 63 characters`,
  ],
  [
    { nodes: [master, { ...minion, address: '10.96.0.9' }] },
    'nodes[1].address: 10.96.0.9 is not inside network.machineCidr 192.168.56.0/24 (192.168.56.0 to 192.168.56.255)',
  ],
  [
    { nodes: [master, { ...minion, address: '192.168.56.0' }] },
    `nodes[1].address: 192.168.56.0 is the network's own address`,
  ],
  [
    { nodes: [master, { ...minion, address: '192.168.56.255' }] },
    'nodes[1].address: 192.168.56.255 is the broadcast address',
  ],
  [
    { nodes: [master, { ...minion, address: '192.168.56.1' }] },
    'nodes[1].address: 192.168.56.1 belongs to the computer that hosts the machines',
  ],
  [
    { nodes: [master, { ...minion, count: 3, address: '192.168.56.253' }] },
    'nodes[1].address: 3 machines from 192.168.56.253 on do not fit into network.machineCidr 192.168.56.0/24 (192.168.56.0 to 192.168.56.255)',
  ],
  [
    { nodes: [master, { ...minion, count: 155 }] },
    'nodes[1]: 155 machines do not fit from 192.168.56.101 to 192.168.56.254; give the entry an "address"',
  ],
  [
    {
      network: { machineCidr: '10.0.0.0/28' },
      nodes: [master, { ...minion, count: 2 }, { name: 'big', roles: ['minion'] }],
    },
    'nodes[2]: "address" is needed: in a range smaller than /24 a growing entry before this one would renumber it',
  ],
  [
    { nodes: [master, { ...minion, ssh: 'admin@10.0.0.12/eth1' }] },
    'nodes[1]: "address" is needed: the SSH host 10.0.0.12 is no address inside network.machineCidr 192.168.56.0/24 (192.168.56.0 to 192.168.56.255); to ask the machine: hardway node locate',
  ],
  [
    { nodes: [master, { ...minion, ssh: 'a@192.168.56.9', count: 2 }] },
    'nodes[1].count: cannot stand beside "ssh", which reaches one machine; write an entry for each',
  ],
  [
    { nodes: [master, { ...minion, ssh: 'a@192.168.56.9/eth1', interface: 'eth0' }] },
    'nodes[1].interface: "eth0" contradicts "eth1" in "ssh"',
  ],
  [
    { nodes: [master, { ...minion, ssh: 'a@10.0.0.300', address: '192.168.56.9' }] },
    'nodes[1].ssh: 10.0.0.300 is no IPv4 address',
  ],
  [
    {
      nodes: [
        master,
        { ...minion, ssh: 'a@Gate', address: '192.168.56.8' },
        { name: 'b', roles: ['minion'], ssh: { host: 'gate', port: 22, user: 'b' }, address: '192.168.56.9' },
      ],
    },
    'nodes[2].ssh: gate:22 is the machine of nodes[1]',
  ],
  [
    { nodes: [{ ...master, ssh: { host: '192.168.56.9', user: 'a', pass: 'x' } }] },
    'nodes[0].ssh.pass: unknown key; allowed: host, port, user, keys, agent, passphrase, sudoPassword, hostKey, bastion',
  ],
  [
    { nodes: [{ ...master, ssh: { host: '192.168.56.9', sudoPassword: 'hunter2' } }] },
    'nodes[0].ssh.sudoPassword: is not allowed; allowed: "ask", or "env:" and the name of a variable; never the secret itself',
  ],
  [
    { nodes: [{ ...master, ssh: { host: '192.168.56.9', passphrase: 4711 } }] },
    'nodes[0].ssh.passphrase: is not allowed; allowed: "ask", or "env:" and the name of a variable; never the secret itself',
  ],
  [
    { nodes: [{ ...master, ssh: 'local' }] },
    'nodes[0]: "address" is needed: which of its addresses the cluster shall use',
  ],
  [
    {
      nodes: [
        { ...master, ssh: 'local', address: '192.168.56.8' },
        { ...minion, ssh: 'local', address: '192.168.56.9' },
      ],
    },
    'nodes[1].ssh: this computer is the machine of nodes[0]',
  ],
  [
    { nodes: [{ name: 'm', rols: ['etcd', 'master'] }] },
    'nodes[0].rols: unknown key; did you mean "roles"?; allowed: name, roles, count, address, interface, cpus, memory, disk, labels, taints, ssh',
  ],
  [{ nodes: [master, { name: 'minion' }] }, 'nodes[1].roles: missing'],
  [
    { nodes: [master, { ...minion, labels: { disk: 'ssd', 'kubernetes.io/hostname': 'x' } }] },
    'nodes[1].labels["kubernetes.io/hostname"]: is set by the kubelet',
  ],
  [
    { nodes: [master, { ...minion, labels: { 'node-role.kubernetes.io/etcd': '' } }] },
    'nodes[1].labels["node-role.kubernetes.io/etcd"]: is set by Hardway, from "roles"',
  ],
  [
    { nodes: [master, { ...minion, labels: { 'app.kubernetes.io/managed-by': 'me' } }] },
    'nodes[1].labels["app.kubernetes.io/managed-by"]: is set by Hardway',
  ],
  [
    { nodes: [master, { ...minion, labels: { 'a..b/c': 'x' } }] },
    'nodes[1].labels["a..b/c"]: "a..b/c" is not allowed; did you mean "a-b-c"?; allowed: a name of at most 63 letters, digits, \'_\', \'.\', \'-\', with an optional domain and \'/\' before it, such as "example.org/rack"',
  ],
  [
    { nodes: [master, { ...minion, labels: { rack: 'b 3' } }] },
    "nodes[1].labels.rack: \"b 3\" is not allowed; did you mean \"b-3\"?; allowed: at most 63 letters, digits, '_', '.', '-', beginning and ending with a letter or digit; or nothing",
  ],
  [
    { nodes: [master, { ...minion, taints: [{ key: 'gpu', effect: 'NoScedule' }] }] },
    'nodes[1].taints[0].effect: "NoScedule" is not allowed; did you mean "NoSchedule"?; allowed: "NoSchedule", "PreferNoSchedule", "NoExecute"',
  ],
  [
    {
      nodes: [
        master,
        {
          ...minion,
          taints: [
            { key: 'gpu', value: 'a', effect: 'NoSchedule' },
            { key: 'gpu', effect: 'NoExecute' },
            { key: 'gpu', value: 'b', effect: 'NoSchedule' },
          ],
        },
      ],
    },
    'nodes[1].taints[2]: "gpu:NoSchedule" stands in it twice',
  ],
  [
    {
      nodes: [master, { ...minion, taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }],
    },
    'nodes[1].taints[0].key: "node.kubernetes.io/not-ready" is set by Kubernetes, as the node fares',
  ],
  [
    {
      nodes: [
        { name: 'e', roles: ['etcd'], labels: { disk: 'ssd' } },
        { name: 'm', roles: ['master'] },
      ],
    },
    'nodes[0].labels: only nodes of the cluster have them: the role etcd alone makes none; allowed: nothing here; or the role "minion" besides',
  ],
  [
    {
      nodes: [
        { name: 'e', roles: ['etcd'], taints },
        { name: 'm', roles: ['master'] },
      ],
    },
    'nodes[0].taints: only nodes of the cluster have them: the role etcd alone makes none; allowed: nothing here; or the role "minion" besides',
  ],
  [
    { controlPlane: { registerNode: false }, nodes: [{ ...master, labels: { disk: 'ssd' } }, minion] },
    'nodes[0].labels: only nodes of the cluster have them: with controlPlane.registerNode false masters are none; allowed: nothing here; or the role "minion" besides',
  ],
];

describe('a contradiction between nodes', () => {
  it.each(contradictions)('%j', (written, line) => {
    expect(problemsOf(written).map((problem) => problem.replace(/^c\.json:\d+:\d+ /, ''))).toEqual([line]);
  });
});

describe('what stands near a contradiction and is none', () => {
  it.each<[string, object]>([
    [
      'a master that is one as minion',
      {
        controlPlane: { registerNode: false },
        nodes: [{ name: 'all', roles: ['etcd', 'master', 'minion'], labels: { disk: 'ssd' } }],
      },
    ],
    ['a master alone', { nodes: [master] }],
    [
      'labels and taints where etcd is not alone',
      {
        nodes: [
          { ...master, labels: { disk: 'ssd' } },
          { ...minion, count: 2, roles: ['etcd', 'minion'], taints },
        ],
      },
    ],
    [
      'no label at all on etcd alone',
      {
        nodes: [
          { name: 'e', roles: ['etcd'], labels: {}, taints: [] },
          { name: 'm', roles: ['master'] },
        ],
      },
    ],
  ])('%s', (_, written) => {
    expect(problemsOf(written)).toEqual([]);
  });
});

describe('several machines', () => {
  it('that clash pairwise are one problem an entry', () => {
    const pool = { ...minion, count: 5, address: '192.168.56.30' };
    expect(problemsOf({ nodes: [master, pool, { ...pool, name: 'b' }] })).toHaveLength(1);
  });

  it('with etcd must be odd in number', () => {
    const lines = problemsOf({ nodes: [master, { name: 'e', roles: ['etcd'] }] });
    expect(lines).toEqual([
      expect.stringContaining(
        'nodes[1].roles: 2 etcd members bear no more failures than 1; an odd number is needed',
      ),
    ]);
  });

  it.each([
    ['three masters, etcd on them', [{ ...master, count: 3 }, minion]],
    [
      'etcd on a machine of its own',
      [
        { name: 'e', roles: ['etcd'] },
        { name: 'm', roles: ['master'] },
      ],
    ],
    ['etcd on all machines', [master, { name: 'w', count: 2, roles: ['etcd', 'minion'] }]],
    ['one machine for everything', [{ name: 'all', roles: ['etcd', 'master', 'minion'] }]],
  ])('may be %s', (_, nodes) => {
    expect(problemsOf({ controlPlane: { endpoint: '192.168.56.10' }, nodes })).toEqual([]);
  });
});
