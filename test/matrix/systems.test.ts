import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clean } from '../live/support/clean.mjs';
import { type OwnMachines, ownMachines } from '../live/support/own-machines.ts';
import { onMac, onWindows, type Operator } from './support/systems.ts';

const ssh = (host: string): object => ({ host, user: 'admin', keys: ['key'] });
const description = {
  name: 'hwt-systems',
  network: { machineCidr: '192.168.96.0/24' },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'], ssh: ssh('192.168.96.31') },
    { name: 'minion', roles: ['minion'], ssh: ssh('192.168.96.32') },
  ],
};

/** The operator's side is Node.js and nothing else: no tool of GNU's, no path and no permission of one system's. */
describe.each([
  ['Windows, by Wine', onWindows],
  ['what Node.js takes for macOS, and no program to call', onMac],
])('an operator with %s', (_, system) => {
  let own: OwnMachines;
  let hardway: Operator;
  const must = async (...words: string[]): Promise<string> => {
    const { code, output } = await hardway(...words);
    expect(code, output).toBe(0);
    return output;
  };
  const state = (...parts: string[]): string => join(own.folder, '.hardway', ...parts);

  beforeAll(async () => {
    own = await ownMachines('hwt-systems', description, [
      { name: 'one', nic: 'eth1', address: '192.168.96.31' },
      { name: 'two', nic: 'eth1', address: '192.168.96.32' },
    ]);
    hardway = system(own.folder);
    await own.start('one', 'two');
  });
  afterAll(() => clean());

  it('reads cluster.json, and tells a mistake by its place', async () => {
    expect(await must('validate')).toContain('cluster.json is valid: cluster hwt-systems, 2 machines');
    const wrong = await hardway('validate', '--set', 'kubernetes.version=1.2');
    expect([wrong.code, wrong.output]).toEqual([1, expect.stringContaining('kubernetes.version')]);
  });

  it('has authorities, certificates and a token', async () => {
    await must('pki', 'init');
    const ca = new X509Certificate(readFileSync(state('pki', 'ca.crt')));
    const server = new X509Certificate(readFileSync(state('pki', 'master', 'apiserver.crt')));
    expect(server.checkIssued(ca)).toBe(true);
    expect(await must('token')).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/);
  });

  it('reads a plan, and has a cluster by one step after the other: up has nothing left to do', async () => {
    const plan = await hardway('plan');
    expect([plan.code, plan.output]).toEqual([2, expect.stringContaining('nothing was touched')]);
    for (const step of ['host', 'runtime', 'master', 'minion', 'addons']) await must('phase', step);
    const up = await must('up');
    expect(up).toMatch(/^master +Ready[\s\S]*^minion +Ready/m);
    expect(up).toMatch(/ 0 changes/);
    expect(await must('plan')).toContain('nothing to do');
    expect(await must('status')).toContain('all is well');
  });

  it('gives files to machines with the ends of lines that they know', () => {
    const find = `grep -rlI "$(printf '\\r')" /etc/kubernetes /etc/systemd/system /etc/containerd || true`;
    for (const machine of ['one', 'two']) expect(own.inside(machine, find)).toBe('');
  });

  it('has a kubeconfig that works, also on another computer', async () => {
    const file = join(own.folder, 'config');
    await must('kubeconfig', '--merge', '--to', 'config');
    expect(existsSync(file)).toBe(true);
    const there = own.inside(
      'two',
      `umask 077; cat >/run/config <<'EOF'\n${readFileSync(file, 'utf8')}\nEOF\n/usr/local/bin/kubectl --kubeconfig /run/config get nodes -o name; rm /run/config`,
    );
    expect(there).toBe('node/master\nnode/minion\n');
    await must('kubeconfig', '--unmerge', '--to', 'config');
    expect(readFileSync(file, 'utf8')).not.toContain('hwt-systems');
  });

  it('is followed by another with Linux, who sees the same cluster', async () => {
    const plan = await own.hardway(['plan']);
    expect(plan.code, plan.output).toBe(0);
  });

  it('takes everything away', async () => {
    await must('down', '--yes');
    for (const machine of ['one', 'two'])
      expect(own.inside(machine, 'ls -d /etc/kubernetes || true')).toBe('');
  });
});
