import { describe, expect, it } from 'vitest';
import { settings } from '../../src/cli/settings.ts';
import { clusterWith } from '../lab/cluster.ts';

describe('the settings, for review', () => {
  it('are the cluster in two lines, then how each machine is reached and at which address', () => {
    const cluster = clusterWith({
      ...{ name: 'shop', machineCidr: '10.1.0.0/24' },
      nodes: [
        { name: 'master', roles: ['etcd', 'master'] },
        { name: 'metal', roles: ['minion'], address: '10.1.0.90', ssh: 'admin@10.1.0.90/eth1' },
      ],
    });
    expect(settings(cluster).split('\n')).toEqual([
      `shop: Kubernetes ${cluster.kubernetes.version} (scratch), API on port 6443, add-ons: coredns`,
      'pods 10.244.0.0/16 (flannel vxlan, store etcd), Services 10.96.0.0/16 (kube-proxy nftables), domain cluster.local',
      '',
      'MACHINE  ROLES        REACHED          ADDRESS    INTERFACE',
      `master   etcd,master  by Vagrant       ${cluster.nodes[0]?.address}  whichever carries it`,
      'metal    minion       admin@10.1.0.90  10.1.0.90  eth1',
    ]);
    expect(settings({ ...cluster, addons: {} })).toContain('add-ons: none');
  });
});
