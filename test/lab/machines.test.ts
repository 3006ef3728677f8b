import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostCpus, machinesView, orphans } from '../../src/lab/machines.ts';
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

  it('has none for Vagrant where qemu runs them', () => {
    const cluster = clusterWith({ name: 'shop', machineCidr: '192.168.60.0/22', nodes });
    expect(machinesView({ ...cluster, provider: 'qemu' }).machines).toEqual([]);
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

  it('limits each container to its memory, and to as many CPUs as the host has', () => {
    const group = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'cgroup2' : 'cgroup';
    const [master, minion] = view().machines;
    const memory = group === 'cgroup2' ? 'memory.max' : 'memory.limit_in_bytes';
    expect(master?.limits).toEqual({
      [`${group}.cpuset.cpus`]: `0-${Math.min(3, availableParallelism()) - 1}`,
      [`${group}.${memory}`]: '3000M',
    });
    expect(minion?.limits[`${group}.${memory}`]).toBe('2048M');
  });

  it.each([
    [1, 1],
    [availableParallelism(), availableParallelism()],
    [availableParallelism() + 1, availableParallelism()],
    [1000, availableParallelism()],
  ])('gives of %i CPUs %i', (wanted, given) => {
    expect(hostCpus(wanted)).toBe(given);
  });
});

describe('orphans', () => {
  const cluster = clusterWith({ name: 'shop', machineCidr: '192.168.60.0/22', nodes });
  /** As Vagrant leaves it: a folder a machine, in it one a provider, in it the id of what exists. */
  const found = (machines: readonly string[], of = cluster): string[] => {
    const folder = mkdtempSync(join(tmpdir(), 'hardway-orphans-'));
    try {
      for (const path of machines) {
        mkdirSync(join(folder, '.vagrant/machines', path, '..'), { recursive: true });
        writeFileSync(join(folder, '.vagrant/machines', path), 'x');
      }
      return orphans(of, folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  const cases: [string, string[], string[]][] = [
    ['none without Vagrant', [], []],
    ['none when all are declared', ['master/lxc/id', 'minion-2/lxc/id'], []],
    [
      'those that are no longer declared, sorted',
      ['minion-9/lxc/id', 'minion-3/virtualbox/id', 'master/lxc/id'],
      ['minion-3', 'minion-9'],
    ],
    ['not those that never existed', ['minion-3/lxc/private_key'], []],
    ['one that cluster.json now reaches by itself', ['metal/lxc/id'], ['metal']],
    ['nothing that is no machine', ['.DS_Store', 'minion-3/note.txt'], []],
  ];
  it.each(cases)('are %s', (_, machines, expected) => {
    expect(found(machines)).toEqual(expected);
  });

  it('are all that Vagrant has made, where qemu runs the machines now', () => {
    expect(found(['master/lxc/id'], { ...cluster, provider: 'qemu' })).toEqual(['master']);
  });
});
