import { describe, expect, it } from 'vitest';
import { master, minion, problemsOf } from './problems-of.ts';

const labelForm = "lower-case letters, digits and '-', beginning and ending with a letter or digit";
const rangeForm = 'an IPv4 range such as "10.244.0.0/16"; IPv6 is not supported yet';
const topKeys =
  '$schema, name, kubernetes, network, controlPlane, kubelet, pki, token, artefacts, timeouts, nodes, addons';

/** One mistake each, and every word of what is said about it. */
const mistakes: readonly (readonly [written: string, line: string])[] = [
  // the text
  ['', 'c.json:1:1: a value is expected here'],
  ['null', 'c.json:1:1: must be an object { … }, is null'],
  ['{"name":"lab",}', 'c.json:1:15: a comma too many before this'],
  ['{"name":"lab"} // hi', 'c.json:1:16: comments are not allowed in JSON; remove it'],
  ['{\n "name": lab}', 'c.json:2:10: "lab" is no JSON; text stands in double quotes'],
  ['{\n "name": "lab\n}', 'c.json:2:10: this text has no closing double quote'],
  ['{"name":"a"\n"pki":{}}', 'c.json:2:1: "," is missing before this'],
  ['{"name":"a"', 'c.json:1:12: "}" is missing'],
  ['\uFEFF{}', 'c.json:1:1: begins with a byte order mark; save it as UTF-8 without one'],
  ['{"name":"a",\n"name":"b"}', 'c.json:2:1 name: written twice; keep one'],
  ['{"network":{"__proto__":{}}}', 'c.json:1:13 network.__proto__: this key is never allowed'],
  ['{"constructor":{}}', 'c.json:1:2 constructor: this key is never allowed'],
  // single values
  ['{"nmae":"a"}', `c.json:1:2 nmae: unknown key; did you mean "name"?; allowed: ${topKeys}`],
  [
    '{"name":"Lab_1"}',
    `c.json:1:9 name: "Lab_1" is not allowed; did you mean "lab-1"?; allowed: ${labelForm}`,
  ],
  [
    `{"name":"${'a'.repeat(33)}"}`,
    `c.json:1:9 name: "${'a'.repeat(33)}" is too long; allowed: at most 32 characters`,
  ],
  ['{"name":7}', 'c.json:1:9 name: must be text in double quotes, is 7'],
  ['{"pki":{"caDays":"3"}}', 'c.json:1:18 pki.caDays: must be a whole number, is the text "3"'],
  ['{"token":{"ttlHours":0}}', 'c.json:1:22 token.ttlHours: 0 is too small; allowed: 1 to 168'],
  ['{"kubelet":{"failCgroupV1":1}}', 'c.json:1:28 kubelet.failCgroupV1: must be true or false, is 1'],
  [
    '{"kubernetes":{"version":"1.35.2"}}',
    'c.json:1:26 kubernetes.version: "1.35.2" is not allowed; allowed: a release of Kubernetes 1.36 without a leading v, such as "1.36.4"',
  ],
  [
    '{"kubernetes":{"flavour":"kubeadm"}}',
    'c.json:1:26 kubernetes.flavour: "kubeadm" is not allowed; allowed: "scratch"',
  ],
  [
    '{"network":{"kubeProxy":"nftable"}}',
    'c.json:1:25 network.kubeProxy: "nftable" is not allowed; did you mean "nftables"?; allowed: "nftables", "iptables"',
  ],
  [
    '{"network":{"podCidr":"fd00::/48"}}',
    `c.json:1:23 network.podCidr: "fd00::/48" is not allowed; allowed: ${rangeForm}`,
  ],
  [
    '{"addons":{"coredn":true}}',
    'c.json:1:12 addons.coredn: unknown add-on; did you mean "coredns"?; allowed: coredns',
  ],
  [
    '{"timeouts":{"rolout":9}}',
    'c.json:1:14 timeouts.rolout: unknown condition; did you mean "rollout"?; allowed: etcdQuorum, apiServer, flannelSubnet, nodeReady, rollout, connect',
  ],
  ['{"nodes":[]}', 'c.json:1:10 nodes: must not be empty'],
];

describe('a mistake in the text or in one value', () => {
  it.each(mistakes)('%s', (written, line) => {
    expect(problemsOf(written)).toEqual([line]);
  });
});

/** Mistakes that show only when fields are seen together; given as data, told without line and column. */
const contradictions: readonly (readonly [written: object, line: string])[] = [
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
  [
    { nodes: [minion, { name: 'e', roles: ['etcd', 'master', 'minion'] }] },
    'nodes[1].roles: master and minion on one machine are not supported yet',
  ],
  [{ nodes: [{ name: 'm', roles: ['master'] }] }, 'nodes: no node has the role "etcd"; exactly one needs it'],
  [
    { nodes: [master, { name: 'b', roles: ['master'] }] },
    'nodes[1].roles: several masters are not supported yet; these are 2',
  ],
  [
    { nodes: [{ ...master, count: 3 }] },
    'nodes[0].count: several masters are not supported yet; these are 3',
  ],
  [
    {
      nodes: [
        { name: 'm', roles: ['master'] },
        { name: 'e', roles: ['etcd'] },
      ],
    },
    'nodes[1].roles: etcd on a machine that is no master is not supported yet',
  ],
  [
    { nodes: [master, { ...minion, roles: ['minion', 'minion'] }] },
    'nodes[1].roles: entries 0 and 1, counted from 0, are the same',
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
    'nodes[1]: "address" is needed: the SSH host 10.0.0.12 is no address inside network.machineCidr 192.168.56.0/24 (192.168.56.0 to 192.168.56.255)',
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
        { ...minion, ssh: 'a@gate', address: '192.168.56.8' },
        { name: 'b', roles: ['minion'], ssh: { host: 'gate', port: 22, user: 'b' }, address: '192.168.56.9' },
      ],
    },
    'nodes[2].ssh: gate:22 is the machine of nodes[1]',
  ],
  [
    { nodes: [{ ...master, ssh: { host: '192.168.56.9', user: 'a', password: 'x' } }] },
    'nodes[0].ssh.password: unknown key; allowed: host, port, user, keys',
  ],
  [
    { nodes: [{ name: 'm', rols: ['etcd', 'master'] }] },
    'nodes[0].rols: unknown key; did you mean "roles"?; allowed: name, roles, count, address, interface, cpus, memory, labels, taints, ssh',
  ],
  [{ nodes: [master, { name: 'minion' }] }, 'nodes[1].roles: missing'],
  [{ controlPlane: { port: 2379 } }, 'controlPlane.port: 2379 belongs to etcd'],
  [
    { controlPlane: { port: 30443 } },
    'controlPlane.port: 30443 belongs to service node ports (30000 to 32767)',
  ],
  [{ controlPlane: { sans: ['10.0.0.300'] } }, 'controlPlane.sans[0]: 10.0.0.300 is no IPv4 address'],
  [
    { pki: { caDays: 300 } },
    'pki: 365 days are longer than the 300 of the authorities that sign (pki.caDays)',
  ],
];

describe('a contradiction between fields', () => {
  it.each(contradictions)('%j', (written, line) => {
    expect(problemsOf(written).map((problem) => problem.replace(/^c\.json:\d+:\d+ /, ''))).toEqual([line]);
  });
});

describe('a broken value', () => {
  it('is not replaced by its default when the rules look at the rest', () => {
    const network = { machineCidr: '10.244.1.0/24', podCidr: '10.1.0.0' };
    expect(problemsOf({ network })).toHaveLength(1);
    expect(problemsOf({ network: { machineCidr: '10.244.1.0/24', podCdir: '10.1.0.0/16' } })).toHaveLength(1);
  });

  it('does not hide contradictions elsewhere', () => {
    const network = { machineCidr: '10.0.0.0/24', serviceCidr: '10.0.0.0/16', kubeProxy: 'ipvs' };
    expect(problemsOf({ network })).toHaveLength(2);
  });
});
