import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/model.ts';
import { certificates } from '../../provisioners/certificates.ts';
import { apiAddress, apiByName, apiHosts, apiOutside, hasBalancer } from '../../provisioners/endpoint.ts';
import { portsOf } from '../../provisioners/ports.ts';
import { allPaths } from '../../provisioners/overview/paths.ts';
import { servicesOf } from '../../provisioners/services.ts';
import { cluster as lab } from './machines.ts';

const [master, minion] = lab.nodes;
const second = { ...master!, name: 'master-2', address: '192.168.56.12' };

/** The lab with one or two masters and these settings. */
const withPlan = (controlPlane: Partial<Cluster['controlPlane']>, masters: 1 | 2): Cluster => ({
  ...lab,
  controlPlane: { ...lab.controlPlane, ...controlPlane },
  nodes: masters === 1 ? lab.nodes : [...lab.nodes, second],
});

const KEPT = { endpoint: '192.168.56.10', loadBalancer: 'keepalived' } as const;
const NAMED = { endpoint: 'k8s.example.org', loadBalancer: 'local' } as const;
const ELSEWHERE = { endpoint: 'k8s.example.org', loadBalancer: 'external' } as const;
const THEIRS = { endpoint: '203.0.113.10', loadBalancer: 'external' } as const;

/** What machines call the API, what that means on a master and on a minion, and where clients outside look. */
const cases: [string, Cluster, string, string | null, string][] = [
  ['one master', withPlan({}, 1), 'api.lab.internal', '192.168.56.11', '192.168.56.11'],
  ['one master, an address kept', withPlan(KEPT, 1), 'api.lab.internal', '192.168.56.11', '192.168.56.10'],
  ['one master, a name', withPlan(NAMED, 1), 'k8s.example.org', '192.168.56.11', '192.168.56.11'],
  ['two masters, an address kept', withPlan(KEPT, 2), 'api.lab.internal', '127.0.0.1', '192.168.56.10'],
  ['two masters, a name', withPlan(NAMED, 2), 'k8s.example.org', '127.0.0.1', 'k8s.example.org'],
  ['somebody else’s name', withPlan(ELSEWHERE, 2), 'k8s.example.org', null, 'k8s.example.org'],
  ['somebody else’s address', withPlan(THEIRS, 2), 'api.lab.internal', '203.0.113.10', '203.0.113.10'],
];

describe('the API', () => {
  it.each(cases)('with %s', (_, cluster, name, onMinion, outside) => {
    expect(apiByName(cluster)).toBe(`https://${name}:6443`);
    expect(apiAddress(cluster, master!)).toBe(master?.address);
    expect(apiAddress(cluster, minion!)).toBe(onMinion);
    expect(apiOutside(cluster)).toEqual({ server: `https://${outside}:6443`, name });
  });

  it.each(cases)(
    'has in each server’s certificate whatever it is called, with %s',
    (_, cluster, name, __, outside) => {
      const servers = certificates(cluster).filter((entry) => entry.name.endsWith('/apiserver'));
      for (const { names } of servers)
        expect([...names.dns, ...names.ip]).toEqual(expect.arrayContaining([name, outside]));
      expect(servers).toHaveLength(cluster.nodes.filter(({ roles }) => roles.includes('master')).length);
    },
  );

  it('keeps the certificates of minions and the name when masters come', () => {
    const of = (cluster: Cluster) =>
      certificates(cluster).filter((entry) => entry.name.startsWith('minion-'));
    expect(of(withPlan(KEPT, 2))).toEqual(of(withPlan({}, 1)));
    expect(apiByName(withPlan(KEPT, 2))).toBe(apiByName(withPlan({}, 1)));
  });

  it('is not sought by an operator at one of several masters', () => {
    const masters = [master!.address, second.address];
    for (const [, cluster] of cases.filter(([, each]) => each.nodes.includes(second)))
      expect(apiHosts(cluster).filter((host) => masters.includes(host))).toEqual([]);
  });
});

describe('a balancer', () => {
  it.each(cases)('is on minions where the name leads to it, with %s', (_, cluster, __, onMinion) => {
    expect(hasBalancer(cluster, minion!)).toBe(onMinion === '127.0.0.1');
    expect(hasBalancer(cluster, master!)).toBe(false);
    expect(hasBalancer(cluster, { roles: ['etcd'] })).toBe(false);
  });

  it('has the port of the API on loopback, is a unit of the machine, and a path of its own', () => {
    const cluster = withPlan(KEPT, 2);
    expect(portsOf(cluster, minion!).filter(({ port }) => port === 6443)).toEqual([
      { port: 6443, on: 'loopback', for: 'hardway-balancer' },
    ]);
    expect(servicesOf(cluster, minion!)[0]).toBe('hardway-balancer');
    expect(servicesOf(cluster, master!).at(-1)).toBe('hardway-address');
    expect(allPaths(cluster).map(({ host, port }) => `${host}:${port}`)).toEqual([
      ...[
        '192.168.56.11:6443',
        '192.168.56.12:6443',
        '192.168.56.10:6443',
        '10.96.0.1:443',
        '127.0.0.1:6443',
      ],
    ]);
  });
});
