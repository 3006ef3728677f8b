import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DescriptionError } from '../../src/errors.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { master, minion } from './problems-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(content: object | Buffer): string {
  const file = join(folder, 'cluster.json');
  writeFileSync(file, Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return file;
}

describe('a file', () => {
  it('that is not there, or no text, is one sentence', () => {
    expect(() => loadCluster(join(folder, 'none.json'))).toThrow(/none\.json does not exist$/);
    expect(() => loadCluster(write(Buffer.from([0x7b, 0xff, 0x7d])))).toThrow(
      /cluster\.json is not UTF-8 text$/,
    );
    expect(() => loadCluster(folder)).toThrow(DescriptionError);
  });

  it('with a byte order mark is refused', () => {
    const file = write(Buffer.from('\uFEFF{}'));
    expect(() => loadCluster(file)).toThrow(
      expect.objectContaining({ evidence: [expect.stringContaining(':1:1: begins with a byte order mark')] }),
    );
  });

  it('with very many problems tells fifty and counts the rest', () => {
    const file = write(Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`x${index}`, 1])));
    expect(() => loadCluster(file)).toThrow(
      expect.objectContaining({ evidence: expect.objectContaining({ length: 51, 50: 'and 20 more' }) }),
    );
  });
});

/** What is left to OpenSSH's configuration. */
const untold = {
  ...{ port: null, user: null, keys: null, agent: true },
  ...{ passphrase: null, sudoPassword: null, hostKey: null, bastion: null },
};

describe('a node', () => {
  it('has everything its entry says', () => {
    const taints = [{ key: 'gpu', effect: 'NoSchedule' }];
    const ssh = {
      host: 'm.example.org',
      user: 'admin',
      port: 2222,
      keys: ['~/.ssh/id', 'keys/lab', '/etc/key'],
      agent: false,
      passphrase: 'env:PHRASE',
      sudoPassword: 'ask',
      hostKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHkq',
      bastion: { host: 'gate', port: 2200, keys: ['keys/gate'], bastion: 'ann@outer' },
    };
    const more = {
      address: '192.168.56.30',
      interface: 'eth1',
      cpus: 4,
      memory: 4096,
      disk: 64,
      labels: { disk: 'no' },
    };
    const { nodes } = loadCluster(write({ nodes: [master, { ...minion, ...more, taints, ssh }] }));
    expect(nodes[1]).toEqual({
      ...minion,
      ...more,
      taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }],
      ssh: {
        ...ssh,
        keys: [join(homedir(), '.ssh/id'), join(folder, 'keys/lab'), '/etc/key'],
        bastion: {
          ...untold,
          ...{ host: 'gate', port: 2200, keys: [join(folder, 'keys/gate')] },
          bastion: { ...untold, host: 'outer', user: 'ann' },
        },
      },
    });
  });

  it('takes user, host, address and interface from the short form', () => {
    const { nodes } = loadCluster(write({ nodes: [master, { ...minion, ssh: 'admin@192.168.56.30/eth1' }] }));
    expect(nodes[1]).toMatchObject({
      address: '192.168.56.30',
      interface: 'eth1',
      ssh: { ...untold, host: '192.168.56.30', user: 'admin' },
    });
  });

  it.each([
    ['192.168.56.30', { ...untold, host: '192.168.56.30' }, null],
    ['192.168.56.30/ens4', { ...untold, host: '192.168.56.30' }, 'ens4'],
    ['local', 'local', null],
    ['local/eth1', 'local', 'eth1'],
  ])('reached by %j is understood', (ssh, target, nic) => {
    const { nodes } = loadCluster(write({ nodes: [master, { ...minion, address: '192.168.56.30', ssh }] }));
    expect(nodes[1]).toMatchObject({ ssh: target, interface: nic });
  });
});

it('add-ons that are switched off are left out', () => {
  expect(loadCluster(write({ addons: { coredns: false } })).addons).toEqual({});
});
