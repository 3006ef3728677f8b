import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { type Facts, factsScript, nicOf, parseFacts, preflight } from '../../provisioners/facts.ts';
import { certificateLasting } from './lasting.ts';
import { cluster, factsOf } from './machines.ts';

const CA = certificateLasting(10);

const facts = (...more: string[]): Facts =>
  parseFacts([...more, factsOf('vm-cgroup-v2', 'master')].join('\n'));
const [master, minion] = cluster.nodes;
if (master === undefined || minion === undefined) throw new Error('cluster.json has no second machine');

describe('parseFacts', () => {
  it('reads a bare virtual machine', () => {
    expect(parseFacts(factsOf('vm-cgroup-v2', 'master'))).toEqual({
      ...{ os: 'debian 12', architecture: 'x86_64', init: 'systemd', cgroup: 2, container: false },
      ...{ mayRaiseLimits: true, bridgeFilter: false, swap: false, nfs: false, machineId: 'master' },
      nics: [
        { name: 'lo', address: '127.0.0.1/8', mtu: 1500 },
        { name: 'eth0', address: '10.0.2.10/24', mtu: 1500 },
        { name: 'eth1', address: `${master.address}/24`, mtu: 1500 },
      ],
      time: expect.closeTo(Date.now() / 1000, 0) as number,
      ...{
        freeDisk: 20000,
        missingTools: ['conntrack'],
        kubelet: '',
        authority: '',
        foreignRuntime: '',
      },
      ...{ founding: [], podRoutes: [], wireguard: false, listeners: [], runs: {}, electing: false },
      ...{ etcd: { data: false, begun: false, alone: 0, members: null }, styles: [] },
      resolvConf: '/etc/resolv.conf',
    });
  });

  const lines: [string, Partial<Facts>][] = [
    ['cgroup=cgroup2fs', { cgroup: 2 }],
    ['cgroup=tmpfs', { cgroup: 1 }],
    ['container=lxc', { container: true }],
    ['container=none', { container: false }],
    ['container=', { container: false }],
    ['capabilities=0000000001000000', { mayRaiseLimits: true }],
    ['capabilities=000001fffeffffff', { mayRaiseLimits: false }],
    ['capabilities=', { mayRaiseLimits: false }],
    ['swap=2', { swap: true }],
    ['nfs=here', { nfs: true }],
    ['wireguard=1', { wireguard: true }],
    [
      'nic=eth2 10.0.0.5/24 9000',
      {
        nics: expect.arrayContaining([{ name: 'eth2', address: '10.0.0.5/24', mtu: 9000 }]) as Facts['nics'],
      },
    ],
    [
      'pods=minion-1 10.244.2.0/24 192.168.56.101',
      { podRoutes: [{ name: 'minion-1', subnet: '10.244.2.0/24', address: '192.168.56.101' }] },
    ],
    ['nfs=nfsv4', { nfs: true }],
    ['bridge=/proc/sys/net/bridge', { bridgeFilter: true }],
    ['kubelet=MIIB', { kubelet: 'MIIB' }],
    ['kubelet=', { kubelet: '' }],
    [`ca=${CA}`, { authority: new X509Certificate(Buffer.from(CA, 'base64')).fingerprint256 }],
    ['missing=nft\nmissing=ip', { missingTools: ['nft', 'ip', 'conntrack'] }],
  ];
  it.each(lines)('%j', (line, expected) => {
    expect(facts(line)).toMatchObject(expected);
  });

  it.each([
    ['nameserver 10.0.3.1\n', true],
    ['# none\nsearch lab\nnameserver 127.0.0.53\nnameserver 192.168.1.1\n', true],
    ['nameserver 2001:db8::1\n', true],
    ['nameserver 12.7.0.1\n', true],
    ['', false],
    ['nameserver 127.0.0.53\noptions edns0\n', false],
    ['nameserver ::1\nnameserver 0.0.0.0\n', false],
    ['#nameserver 10.0.3.1\n', false],
  ])('finds a name server other than the machine itself in %j: %s', async (text, found) => {
    const file = join(mkdtempSync(join(tmpdir(), 'hardway-resolv-')), 'resolv.conf');
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    writeFileSync(file, text);
    const lines = /^for file in [^\n]*resolv[\s\S]*?^done$[\s\S]*?^\[ .*$/m.exec(factsScript)?.[0] ?? '';
    const script = lines
      .replaceAll('/run/systemd/resolve/resolv.conf', '/nowhere')
      .replaceAll('/etc/resolv.conf', file);
    const { stdout } = await localConnection().run(script);
    expect(parseFacts(stdout).resolvConf).toBe(found ? file : '');
  });

  it('understands what its script says of this very machine', async () => {
    const { stdout, ok } = await localConnection().run(factsScript);
    expect(ok).toBe(true);
    const found = parseFacts(stdout);
    expect(found.os).toMatch(/^\S+ \S+$/);
    expect(found.init).not.toBe('');
    expect(found.architecture).toMatch(/^(x86_64|aarch64)$/);
    expect(found.nics).toContainEqual({ name: 'lo', address: '127.0.0.1/8', mtu: 65536 });
    expect(Math.abs(found.time - Date.now() / 1000)).toBeLessThan(30);
    expect(found.freeDisk).toBeGreaterThan(0);
    expect(found.resolvConf).toMatch(/resolv\.conf$|^$/);
  });
});

describe('preflight', () => {
  const check = (...more: string[]): void => preflight(new Map([['master', facts(...more)]]), cluster);

  it('lets fit machines pass, also when others are missing', () => {
    expect(() => check()).not.toThrow();
    expect(() => check('swap=1', 'container=lxc', 'cgroup=tmpfs')).not.toThrow();
  });

  const unfit: [string, string][] = [
    ['init=runit', 'master: runs runit as init; systemd is needed'],
    ['architecture=aarch64', 'master: is aarch64; the artefacts are for x86_64'],
    ['architecture=', 'master: is ; the artefacts are for x86_64'],
    [`time=${Math.floor(Date.now() / 1000) - 3600}`, 'master: its clock says '],
    [`time=${Math.floor(Date.now() / 1000) + 3600}`, 'master: its clock says '],
  ];
  it.each(unfit)('refuses %s', (line, message) => {
    expect(() => check(line)).toThrow(message);
  });

  it('refuses policies where pods of one node would not meet them', () => {
    const guarded = { ...cluster, addons: { ...cluster.addons, 'network-policy': {} } };
    const check = (...more: string[]) => preflight(new Map([['master', facts(...more)]]), guarded);
    expect(() => check('container=lxc', 'bridge=')).toThrow(
      'master: is a container whose host has not loaded',
    );
    expect(() => check('container=lxc', 'bridge=/proc/sys/net/bridge')).not.toThrow();
    expect(() => check('container=none', 'bridge=')).not.toThrow();
  });

  it('refuses two machines that are copies of one', () => {
    const copies = ['master', 'minion-1'].map((name): [string, Facts] => [
      name,
      { ...parseFacts(factsOf('vm-cgroup-v2', name)), machineId: 'same' },
    ]);
    expect(() => preflight(new Map(copies), cluster)).toThrow('minion-1: has the same machine id as master');
  });
});

describe('nicOf', () => {
  it('finds the NIC by the address of the node, not by part of it', () => {
    expect(nicOf(master, facts())).toBe('eth1');
    expect(nicOf(master, facts(`nic=eth9 ${master.address}0/24`))).toBe('eth1');
    expect(nicOf({ ...master, interface: 'eth1' }, facts())).toBe('eth1');
  });

  it('says which NICs there are when none fits', () => {
    const there = `there are lo 127.0.0.1/8, eth0 10.0.2.10/24, eth1 ${master.address}/24`;
    expect(() => nicOf(minion, facts())).toThrow(`minion-1: no NIC carries ${minion.address}; ${there}`);
    expect(() => nicOf({ ...master, interface: 'eth0' }, facts())).toThrow(
      `no NIC eth0 carries ${master.address}`,
    );
  });
});
