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

describe('a node', () => {
  it('has everything its entry says', () => {
    const taints = [{ key: 'gpu', effect: 'NoSchedule' }];
    const ssh = {
      host: 'm.example.org',
      user: 'admin',
      port: 2222,
      keys: ['~/.ssh/id', 'keys/lab', '/etc/key'],
    };
    const more = {
      address: '192.168.56.30',
      interface: 'eth1',
      cpus: 4,
      memory: 4096,
      labels: { disk: 'no' },
    };
    const { nodes } = loadCluster(write({ nodes: [master, { ...minion, ...more, taints, ssh }] }));
    expect(nodes[1]).toEqual({
      ...minion,
      ...more,
      taints: [{ key: 'gpu', value: '', effect: 'NoSchedule' }],
      ssh: { ...ssh, keys: [join(homedir(), '.ssh/id'), join(folder, 'keys/lab'), '/etc/key'] },
    });
  });

  it('takes user, host, address and interface from the short form', () => {
    const { nodes } = loadCluster(write({ nodes: [master, { ...minion, ssh: 'admin@192.168.56.30/eth1' }] }));
    expect(nodes[1]).toMatchObject({
      address: '192.168.56.30',
      interface: 'eth1',
      ssh: { host: '192.168.56.30', port: 22, user: 'admin', keys: [] },
    });
  });
});

it('add-ons that are switched off are left out', () => {
  expect(loadCluster(write({ addons: { coredns: false } })).addons).toEqual({});
});
