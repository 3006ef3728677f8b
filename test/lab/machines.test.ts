import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machinesView } from '../../src/lab/machines.ts';
import { clusterWith } from './cluster.ts';

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), 'hardway-machines-'));
  process.env.HARDWAY_CACHE = cache;
});
afterAll(() => {
  delete process.env.HARDWAY_CACHE;
  rmSync(cache, { recursive: true });
});

const nodes = [
  { name: 'master', roles: ['etcd', 'master'], address: '192.168.60.11', cpus: 3, memory: 3000 },
  { name: 'minion', count: 2, roles: ['minion'] },
  { name: 'metal', roles: ['minion'], address: '192.168.60.90', ssh: 'admin@192.168.60.90' },
];

describe('machinesView', () => {
  const view = () => machinesView(clusterWith({ name: 'shop', machineCidr: '192.168.60.0/22', nodes }));

  it("names Vagrant's machines, and none that cluster.json reaches by itself", () => {
    expect(view().machines.map(({ name }) => name)).toEqual(['master', 'minion-1', 'minion-2']);
  });

  it('passes on what a provider needs', () => {
    expect(view()).toMatchObject({
      cluster: 'shop',
      bridge: 'hw-shop',
      prefix: 22,
      netmask: '255.255.252.0',
    });
    expect(view().machines[0]).toMatchObject({
      address: '192.168.60.11',
      cpus: 3,
      memory: 3000,
      container: 'master.shop',
      nics: [{ name: 'eth0' }, { name: 'eth1' }],
    });
  });

  it.each(['bare', 'baked'] as const)('knows no %s box before one was built', (box) => {
    expect(
      machinesView(clusterWith({ name: 'shop', machineCidr: '192.168.60.0/24', box })).box.lxc,
    ).toBeNull();
  });
});
