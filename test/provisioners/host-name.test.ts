import { describe, expect, it } from 'vitest';
import { certificates } from '../../provisioners/certificates.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { cluster } from './machines.ts';
import { planFor, resourcesOf } from './scratch.ts';

const address = cluster.nodes.find(({ name }) => name === 'minion-1')?.address ?? '';
/** minion-1, called by its address. */
const numbered: Cluster = {
  ...cluster,
  nodes: cluster.nodes.map((node) => (node.name === 'minion-1' ? { ...node, name: address } : node)),
};
const UNIT = 'file:/etc/systemd/system/kubelet.service';

const resources = (wanted: Cluster, machine: string): ReadonlyMap<string, Resource> =>
  new Map(
    resourcesOf(planFor('vm-cgroup-v2', [`nic=eth9 ${address}/24`], wanted), machine).map(({ resource }) => [
      resource.id,
      resource,
    ]),
  );
const written = (wanted: Cluster, machine: string, id: string): string =>
  JSON.stringify(resources(wanted, machine).get(id)?.steps(null));

describe('a machine called by its address', () => {
  it('has no certificate in which the address stands for a name', () => {
    const names = certificates(numbered).flatMap((entry) => entry.names.dns);
    expect(names).not.toContain(address);
    expect(names).toContain('master');
  });

  it('keeps the name it has; only the kubelet is told the other one', () => {
    const own = ['file:/etc/hostname', 'hostname:running'];
    expect(own.map((id) => resources(numbered, address).has(id))).toEqual([false, false]);
    expect(own.map((id) => resources(cluster, 'minion-1').has(id))).toEqual([true, true]);
    expect(written(numbered, address, UNIT)).toContain(`--hostname-override=${address}`);
    expect(written(cluster, 'minion-1', UNIT)).not.toContain('--hostname-override');
  });

  it('stands in nobody’s hosts', () => {
    const lines = written(numbered, 'master', 'block:/etc/hosts');
    expect(lines).toContain('minion-2');
    expect(lines).not.toContain(`${address} `);
  });
});
