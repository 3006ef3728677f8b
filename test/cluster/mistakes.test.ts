import { describe, expect, it } from 'vitest';
import { problemsOf } from './problems-of.ts';

const labelForm = "lower-case letters, digits and '-', beginning and ending with a letter or digit";
const rangeForm = 'an IPv4 range such as "10.244.0.0/16"; IPv6 is not supported yet';
const topKeys =
  '$schema, name, provider, kubernetes, network, controlPlane, host, kubelet, kubeadm, pki, token, security, artefacts, timeouts, nodes, addons';

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
  ['{"pki":{"caValidity":3}}', 'c.json:1:22 pki.caValidity: must be text in double quotes, is 3'],
  [
    '{"pki":{"caValidity":"3 weeks"}}',
    'c.json:1:22 pki.caValidity: "3 weeks" is not allowed; allowed: a whole number and a unit: m (minutes), h (hours), d (days) or y (years), such as "90d"',
  ],
  [
    '{"security":{"audit":{"days":0}}}',
    'c.json:1:30 security.audit.days: 0 is too small; allowed: 1 to 3650',
  ],
  ['{"kubelet":{"failCgroupV1":1}}', 'c.json:1:28 kubelet.failCgroupV1: must be true or false, is 1'],
  [
    '{"kubernetes":{"version":"1.35.2"}}',
    'c.json:1:26 kubernetes.version: "1.35.2" is not allowed; allowed: a release of Kubernetes 1.36 without a leading v, such as "1.36.4"',
  ],
  [
    '{"kubernetes":{"flavour":"kubespray"}}',
    'c.json:1:26 kubernetes.flavour: "kubespray" is not allowed; allowed: "scratch", "kubeadm"',
  ],
  [
    '{"network":{"kubeProxy":"nftable"}}',
    'c.json:1:25 network.kubeProxy: "nftable" is not allowed; did you mean "nftables"?; allowed: "nftables", "iptables", "disabled"',
  ],
  [
    '{"provider":"ssh"}',
    'c.json:1:13 provider: "ssh" is not allowed; allowed: "vagrant", "qemu"; machines of your own need no provider: each says "ssh": "user@address"',
  ],
  [
    '{"network":{"cni":"weave"}}',
    'c.json:1:19 network.cni: "weave" is not allowed; allowed: "flannel", "routes", "calico", "canal", "cilium", "kube-router"; "none" for a plug-in that you bring in addons/',
  ],
  [
    '{"network":{"podCidr":"fd00::/48"}}',
    `c.json:1:23 network.podCidr: "fd00::/48" is not allowed; allowed: ${rangeForm}`,
  ],
  [
    '{"addons":{"coredn":true}}',
    'c.json:1:12 addons.coredn: unknown add-on; did you mean "coredns"?; allowed: coredns, metrics-server, local-path, registry, metallb, traefik, headlamp, network-policy, waitForNodes, or any name with a "chart"',
  ],
  [
    '{"timeouts":{"rolout":9}}',
    'c.json:1:14 timeouts.rolout: unknown condition; did you mean "rollout"?; allowed: etcdQuorum, apiServer, flannelSubnet, nodeReady, rollout, drain, connect, answer',
  ],
  ['{"nodes":[]}', 'c.json:1:10 nodes: must not be empty'],
];

describe('a mistake in the text or in one value', () => {
  it.each(mistakes)('%s', (written, line) => {
    expect(problemsOf(written)).toEqual([line]);
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

  it('takes no rule along that would judge its section by defaults', () => {
    const nodes = [{ name: 'm', roles: ['etcd', 'master'], address: '10.0.0.9' }];
    expect(problemsOf({ network: [], nodes })).toEqual([
      'c.json:1:12 network: must be an object { … }, is a list',
    ]);
  });

  it('of JSON itself hides what follows, for that can no longer be judged', () => {
    expect(problemsOf('{"name":"A", "pki":{"leafValidity":x}, "nodes":[{"name":}]}')).toEqual([
      expect.stringContaining('c.json:1:9 name: "A" is not allowed'),
      'c.json:1:36: "x" is no JSON; text stands in double quotes',
    ]);
  });
});
