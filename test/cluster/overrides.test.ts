import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/cluster/load.ts';
import { problemsOf } from './problems-of.ts';

const lab = readFileSync('cluster.json', 'utf8');

describe('--set', () => {
  it('replaces and adds single values, as JSON or as text', () => {
    const set = [
      'network.podCidr=10.1.0.0/16',
      'nodes[1].count=3',
      'timeouts.rollout=300',
      'nodes[0].labels["example.org/rack"]=b3',
      'controlPlane.sans=["k8s.example.org"]',
    ];
    const cluster = loadCluster('cluster.json', { set });
    expect(cluster.network.podCidr).toBe('10.1.0.0/16');
    expect(cluster.nodes).toHaveLength(4);
    expect(cluster.timeouts['rollout']).toBe(300);
    expect(cluster.nodes[0]?.labels).toEqual({ 'example.org/rack': 'b3' });
    expect(cluster.controlPlane.sans).toEqual(['k8s.example.org']);
  });

  it.each([
    [
      'network.podCidr=10.1.0.0/33',
      'network.podCidr: "10.1.0.0/33" is not allowed; allowed: an IPv4 range such as "10.244.0.0/16"; IPv6 is not supported yet',
    ],
    [
      'network.serviceCidr=10.244.0.0/20',
      'network.serviceCidr: 10.244.0.0/20 (10.244.0.0 to 10.244.15.255) overlaps network.podCidr 10.244.0.0/16 (10.244.0.0 to 10.244.255.255)',
    ],
    ['artefacts.sorce=auto', 'artefacts.sorce: unknown key; did you mean "source"?; allowed: source, box'],
    ['nodes[9].count=1', 'nodes[9].count: there is no entry 9; the first one is 0'],
    ['nodes.count=1', 'nodes.count: nodes is no object'],
    ['name[0]=1', 'name[0]: name is no list'],
    ['name', 'name: must be path=value, such as network.podCidr=10.1.0.0/16 or nodes[1].count=3'],
    [
      'network..podCidr=1',
      '["network..podCidr"]: must be path=value, such as network.podCidr=10.1.0.0/16 or nodes[1].count=3',
    ],
    ['__proto__.polluted=1', '__proto__.polluted: this key is never allowed'],
    ['nodes[0].labels={"__proto__":"1"}', 'nodes[0].labels.__proto__: this key is never allowed'],
    ['pki={"signer":"cluster","signer":"operator"}', 'pki.signer: written twice; keep one'],
  ])('%s is refused', (set, line) => {
    expect(problemsOf(lab, set)).toEqual([`--set ${line}`]);
  });

  it('tells its problems after those of the file', () => {
    expect(problemsOf('{"nam":"a"}', 'name=B', 'x').map((line) => line.split(':')[0])).toEqual([
      'c.json',
      '--set name',
      '--set x',
    ]);
  });
});
