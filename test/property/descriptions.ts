import fc from 'fast-check';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Kind } from '../model/kernel.ts';
import { described } from './rig.ts';

const label = fc.record(
  { zone: fc.constantFrom('a', 'b'), 'example.org/disk': fc.constantFrom('ssd', '') },
  { requiredKeys: [] },
);
const taint = fc.record({
  key: fc.constantFrom('example.org/gpu', 'example.org/slow'),
  value: fc.constantFrom('', 'a', 'b'),
  effect: fc.constantFrom('NoSchedule', 'NoExecute'),
});
const taints = fc.uniqueArray(taint, { maxLength: 2, selector: ({ key, effect }) => `${key}:${effect}` });
const entry = { taints, cpus: fc.constantFrom(2, 4), memory: fc.constantFrom(2048, 3072), labels: label };

/** What may be edited on a standing cluster. */
const changeable = fc.record({
  kubeProxy: fc.constantFrom('nftables', 'iptables'),
  coredns: fc.boolean(),
  sans: fc.subarray(['api.example.org', '203.0.113.7']),
  failCgroupV1: fc.boolean(),
  timeouts: fc.record({ nodeReady: fc.constantFrom(60, 120, 300) }, { requiredKeys: [] }),
  ttl: fc.constantFrom('1h', '24h'),
  podSecurity: fc.constantFrom('baseline', 'restricted'),
  auditFiles: fc.constantFrom(10, 20),
  master: fc.record(entry, { requiredKeys: [] }),
  minion: fc.record(entry, { requiredKeys: [] }),
  minions: fc.integer({ min: 0, max: 3 }),
});
export type Changeable = typeof changeable extends fc.Arbitrary<infer T> ? T : never;

/** What a cluster keeps for as long as it stands. */
const founding = fc.record({
  name: fc.constantFrom('lab', 'shop-staging'),
  backend: fc.constantFrom('vxlan', 'host-gw'),
  podCidr: fc.constantFrom('10.244.0.0/16', '10.128.0.0/18'),
  domain: fc.constantFrom('cluster.local', 'k8s.example.org'),
  port: fc.constantFrom(6443, 8443),
  // It may change, but programs of the other style stay where they are.
  style: fc.constantFrom('systemd', 'systemd', 'static-pods'),
  // What was hardened stays so when the profile goes back.
  profile: fc.constantFrom('lab', 'hardened'),
});
export type Founding = typeof founding extends fc.Arbitrary<infer T> ? T : never;

/** A cluster, and what it is edited to later. */
export const histories = fc.record({ founding, first: changeable, then: changeable });
export const descriptions = fc.record({ founding, first: changeable });

export const clusterOf = (kind: Kind, founded: Founding, { minions, ...chosen }: Changeable): Cluster =>
  described({
    name: founded.name,
    network: {
      ...{ podCidr: founded.podCidr, kubeProxy: chosen.kubeProxy },
      ...{ flannel: { backend: founded.backend }, dns: { domain: founded.domain } },
    },
    controlPlane: { sans: chosen.sans, port: founded.port, style: founded.style },
    // Containers here have cgroup v1.
    kubelet: { failCgroupV1: chosen.failCgroupV1 && kind === 'vm' },
    ...{
      timeouts: chosen.timeouts,
      token: { ttl: chosen.ttl },
      security: {
        profile: founded.profile,
        podSecurity: chosen.podSecurity,
        audit: { files: chosen.auditFiles },
      },
      addons: { coredns: chosen.coredns },
    },
    nodes: [
      { name: 'master', roles: ['etcd', 'master'], ...chosen.master },
      ...(minions > 0 ? [{ name: 'minion', count: minions, roles: ['minion'], ...chosen.minion }] : []),
    ],
  });

export const kinds = fc.constantFrom<Kind[]>('vm', 'lxc');
