/** The cluster of cluster.json, and what its machines say of themselves. */
import { fileURLToPath } from 'node:url';
import { loadCluster } from '../../src/cluster/load.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { packageRoot } from '../../src/package-root.ts';

export const cluster: Cluster = loadCluster(fileURLToPath(new URL('cluster.json', packageRoot)));

const kinds = {
  /** As the facts script prints them. The bounding set of an LXC container lacks CAP_SYS_RESOURCE. */
  'lxc-cgroup-v1': [
    'cgroup=tmpfs',
    'container=lxc',
    'capabilities=0000003ffeffffff',
    'bridge=/proc/sys/net/bridge',
  ],
  'vm-cgroup-v2': [
    'cgroup=cgroup2fs',
    'container=none',
    'capabilities=000001ffffffffff',
    'bridge=',
    'missing=conntrack',
  ],
} as const;

export type Kind = keyof typeof kinds;

export function factsOf(kind: Kind, machine: string, ...more: string[]): string {
  const index = cluster.nodes.findIndex(({ name }) => name === machine);
  return [
    ...['os=debian 12', 'architecture=x86_64', 'init=systemd', ...kinds[kind], 'swap=0'],
    ...['nic=lo 127.0.0.1/8', `nic=eth0 10.0.2.1${index}/24`, `nic=eth1 ${cluster.nodes[index]?.address}/24`],
    ...[`machine-id=${machine}`, `time=${Date.now() / 1000}`, 'disk=20000', 'resolv=/etc/resolv.conf'],
    ...more,
  ].join('\n');
}
