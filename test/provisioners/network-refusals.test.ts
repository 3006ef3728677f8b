import { describe, expect, it } from 'vitest';
import { parseFacts } from '../../provisioners/facts.ts';
import { refuseNetwork } from '../../provisioners/network-refusals.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { described } from '../property/rig.ts';
import { factsOf } from './machines.ts';

/** What is said when minion-1 also prints these lines; null: nothing. */
function said(cluster: Cluster, ...lines: string[]): string | null {
  const facts = cluster.nodes.map(({ name }): [string, ReturnType<typeof parseFacts>] => [
    name,
    parseFacts([...(name === 'minion-1' ? lines : []), factsOf('vm-cgroup-v2', name)].join('\n')),
  ]);
  try {
    refuseNetwork(cluster, new Map(facts));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a network that machines cannot carry', () => {
  const network = (network: object) => described({ network });
  const narrow = 'nic=eth1 192.168.56.101/30 1500';
  const cases: [string, Cluster, string[], string | null][] = [
    [
      'WireGuard on a kernel without it',
      network({ flannel: { backend: 'wireguard' } }),
      [],
      'master: has a kernel without WireGuard, and network.flannel.backend is wireguard',
    ],
    ['WireGuard that is not asked for', network({}), [], null],
    ['routes between neighbours', network({ cni: 'routes' }), [], null],
    [
      'routes over a router',
      network({ cni: 'routes' }),
      [narrow],
      'minion-1: is no neighbour of master: eth1 192.168.56.101/30 does not contain 192.168.56.11',
    ],
    [
      'host-gw over a router',
      network({ flannel: { backend: 'host-gw' } }),
      [narrow],
      'minion-1: is no neighbour of master: eth1 192.168.56.101/30 does not contain 192.168.56.11',
    ],
    ['vxlan over a router', network({}), [narrow], null],
  ];
  it.each(cases)('%s', (_, cluster, lines, expected) => {
    expect(said(cluster, ...lines)).toBe(expected);
  });
});
