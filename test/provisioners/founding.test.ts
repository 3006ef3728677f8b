import { describe, expect, it } from 'vitest';
import { founding, refuseImpossible } from '../../provisioners/founding.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import { cluster } from './machines.ts';

/** The machines of the standing cluster, each with the lines that it was given. */
const standing = (change: (lines: string[]) => string[] = (lines) => lines) =>
  new Map(
    cluster.nodes.map((node) => [
      node.name,
      { founding: change(founding(cluster, node).trim().split('\n')) },
    ]),
  );

const network = (more: Partial<Cluster['network']>): Cluster => ({
  ...cluster,
  network: { ...cluster.network, ...more },
});
const withNode = (name: string, more: Partial<Node>): Cluster => ({
  ...cluster,
  nodes: cluster.nodes.map((node) => (node.name === name ? { ...node, ...more } : node)),
});

/** What is refused, without the reason that follows the colon. */
function refused(asked: Cluster, made = standing()): string[] {
  try {
    refuseImpossible(asked, made);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(HardwayError);
    const { code, evidence } = error as HardwayError;
    expect([code, evidence.filter((line) => !/: [A-Za-z].{20,}$/.test(line))]).toEqual(['IMPOSSIBLE', []]);
    return evidence.map((line) => line.slice(0, line.indexOf(': ')));
  }
}

describe('what a standing cluster cannot become', () => {
  const { flannel, dns } = cluster.network;
  const [master, minion] = cluster.nodes;
  const cases: [string, Cluster, string[]][] = [
    ['its name', { ...cluster, name: 'shop' }, [`name is ${cluster.name} and cannot become shop`]],
    [
      'its flavour',
      { ...cluster, kubernetes: { ...cluster.kubernetes, flavour: 'kubeadm' } },
      ['kubernetes.flavour is scratch and cannot become kubeadm'],
    ],
    [
      'pod range',
      network({ podCidr: '10.1.0.0/16' }),
      ['network.podCidr is 10.244.0.0/16 and cannot become 10.1.0.0/16'],
    ],
    [
      'Service range',
      network({ serviceCidr: '10.97.0.0/16' }),
      ['network.serviceCidr is 10.96.0.0/16 and cannot become 10.97.0.0/16'],
    ],
    [
      'domain',
      network({ dns: { ...dns, domain: 'k8s' } }),
      ['network.dns.domain is cluster.local and cannot become k8s'],
    ],
    [
      'address of the DNS',
      network({ dns: { ...dns, serviceIP: '10.96.0.11' } }),
      ['network.dns.serviceIP is 10.96.0.10 and cannot become 10.96.0.11'],
    ],
    ['what connects pods', network({ cni: 'routes' }), ['network.cni is flannel and cannot become routes']],
    [
      'kind of tunnel',
      network({ flannel: { ...flannel, backend: 'host-gw' } }),
      ['network.flannel.backend is vxlan and cannot become host-gw'],
    ],
    [
      'where flannel keeps what it knows',
      network({ flannel: { ...flannel, store: 'kubernetes' } }),
      ['network.flannel.store is etcd and cannot become kubernetes'],
    ],
    [
      'number of the tunnel',
      network({ flannel: { ...flannel, vni: 7 } }),
      ['network.flannel.vni is 1 and cannot become 7'],
    ],
    [
      'port of the API',
      { ...cluster, controlPlane: { ...cluster.controlPlane, port: 443 } },
      ['controlPlane.port is 6443 and cannot become 443'],
    ],
    [
      'masters that are nodes',
      { ...cluster, controlPlane: { ...cluster.controlPlane, registerNode: false } },
      ['controlPlane.registerNode is true and cannot become false'],
    ],
    [
      'address of a machine',
      withNode('minion-1', { address: '192.168.56.99' }),
      [`address of minion-1 is ${minion?.address} and cannot become 192.168.56.99`],
    ],
    [
      'roles of a machine',
      withNode('master', { roles: ['etcd', 'master', 'minion'] }),
      [`roles of master is ${master?.roles.join(',')} and cannot become etcd,master,minion`],
    ],
    [
      'several at once',
      { ...network({ podCidr: '10.1.0.0/16' }), name: 'shop' },
      [
        `name is ${cluster.name} and cannot become shop`,
        'network.podCidr is 10.244.0.0/16 and cannot become 10.1.0.0/16',
      ],
    ],
  ];
  it.each(cases)('%s', (_, asked, expected) => {
    expect(refused(asked)).toEqual(expected);
  });

  it('every kept key has been looked at above', () => {
    const keys = founding(cluster, cluster.nodes[0]!)
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    const told = cases.flatMap(([, , lines]) => lines.map((line) => line.split(' ')[0]));
    expect(keys.filter((key) => !told.includes(key))).toEqual([]);
  });
});

describe('what a standing cluster accepts', () => {
  const accepted: [string, Cluster][] = [
    ['nothing new', cluster],
    ['other add-ons', { ...cluster, addons: {} }],
    ['another version', { ...cluster, kubernetes: { ...cluster.kubernetes, version: '1.99.0' } }],
    ['labels, CPUs, memory', withNode('minion-1', { labels: { a: 'b' }, cpus: 9, memory: 9000 })],
    ['a machine less', { ...cluster, nodes: cluster.nodes.slice(0, -1) }],
    [
      'a machine more',
      {
        ...cluster,
        nodes: [...cluster.nodes, { ...cluster.nodes[1]!, name: 'minion-3', address: '192.168.56.50' }],
      },
    ],
    ['another proxy', network({ kubeProxy: 'iptables' })],
  ];
  it.each(accepted)('%s', (_, asked) => {
    expect(refused(asked)).toEqual([]);
  });

  const moved = { ...cluster, name: 'shop' };
  it('anything where no machine is in a cluster yet, or none is there', () => {
    expect(
      refused(
        moved,
        standing(() => []),
      ),
    ).toEqual([]);
    expect(refused(moved, new Map())).toEqual([]);
  });

  it('what a machine of an older Hardway has not written down', () => {
    const older = standing((lines) => lines.filter((line) => !line.startsWith('name=')));
    expect(refused(moved, older)).toEqual([]);
    expect(refused(network({ podCidr: '10.1.0.0/16' }), older)).toHaveLength(1);
  });
});
