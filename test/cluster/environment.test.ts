import { describe, expect, it } from 'vitest';
import { inspect } from '../../src/cluster/inspect.ts';
import { problemLine } from '../../src/cluster/problem.ts';

const file = '{"network":{"podCidr":"10.244.0.0/16","serviceCidr":"10.96.0.0/16"}}';
const problems = (env: NodeJS.ProcessEnv, ...set: string[]): string[] =>
  inspect(file, 'c.json', set, env).problems.map(problemLine);

describe('a variable sets a field', () => {
  it.each([
    ['HARDWAY_NETWORK_POD_CIDR', '10.32.0.0/16', { network: { podCidr: '10.32.0.0/16' } }],
    ['HARDWAY_NETWORK_KUBE_PROXY', 'iptables', { network: { kubeProxy: 'iptables' } }],
    ['HARDWAY_NETWORK_DNS_SERVICE_IP', '10.96.0.53', { network: { dns: { serviceIP: '10.96.0.53' } } }],
    ['HARDWAY_NAME', 'other', { name: 'other' }],
    ['HARDWAY_ADDONS_METRICS_SERVER', 'true', { addons: { 'metrics-server': true } }],
    ['HARDWAY_CONTROL_PLANE_SANS', '["k8s.example.org"]', { controlPlane: { sans: ['k8s.example.org'] } }],
  ])('%s=%s', (name, value, expected) => {
    const { description, problems } = inspect(file, 'c.json', [], { [name]: value });
    expect(problems).toEqual([]);
    expect(description).toMatchObject(expected);
  });

  it('and --set counts more', () => {
    const env = { HARDWAY_NETWORK_POD_CIDR: '10.32.0.0/16' };
    const { description } = inspect(file, 'c.json', ['network.podCidr=10.33.0.0/16'], env);
    expect(description).toMatchObject({ network: { podCidr: '10.33.0.0/16' } });
    expect(problems(env, 'network.podCidr=no')).toEqual([
      expect.stringMatching(/^--set network\.podCidr: "no" is not allowed/),
    ]);
  });
});

it('what is wrong is said of the variable', () => {
  expect(problems({ HARDWAY_NETWORK_KUBE_PROXY: 'ipvs' })).toEqual([
    'HARDWAY_NETWORK_KUBE_PROXY network.kubeProxy: "ipvs" is not allowed; allowed: "nftables", "iptables", "disabled"',
  ]);
});

it('one that looks like a field and is none is refused; others are somebody else’s', () => {
  expect(problems({ HARDWAY_NETWORK_PODCIDR: '10.32.0.0/16' })).toEqual([
    'HARDWAY_NETWORK_PODCIDR: is no field of cluster.json; did you mean "HARDWAY_NETWORK_POD_CIDR"?',
  ]);
  expect(problems({ HARDWAY_CACHE: '/x', HARDWAY_SSH_CONFIG: '/y', HARDWAY_SUDO: 'z' })).toEqual([]);
});
