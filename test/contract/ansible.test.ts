import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ansibleInventory } from '../../src/cli/ansible.ts';
import { openSession } from '../../src/cli/session.ts';
import { readInventory, writeMachine } from '../../src/state/inventory.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';
import { sshd } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import type { Sshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';

const obstacle =
  whyNoSshd() ?? (existsSync('/usr/bin/ansible') ? null : 'ansible (ansible-core) is not installed');
const password = 'open sesame';

interface Listed {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly [group: string]: { readonly hosts?: readonly string[] } | Listed['_meta'];
}

/** The inventory of a cluster whose machines were met, in a file. */
async function inventory(folder: string, nodes: readonly object[], vagrants: Sshd): Promise<string> {
  const file = join(folder, 'cluster.json');
  const range = { network: { machineCidr: '10.99.0.0/24' } };
  writeFileSync(file, JSON.stringify({ name: 'test', ...range, nodes }));
  const session = openSession({ file, set: [] });
  const { port, key } = vagrants;
  const told = { host: '127.0.0.1', port, user: 'root', keys: [key], provider: 'lxc' };
  await writeMachine(session.state, { name: 'minion-1', ...told });
  for (const { connection } of await session.machines()) await connection?.connect();
  const text = ansibleInventory(session, await readInventory(session.state));
  await session.close();
  writeFileSync(join(folder, 'inventory.yml'), text);
  return join(folder, 'inventory.yml');
}

const play = (folder: string, ...args: string[]) =>
  spawnSync('ansible', ['-i', 'inventory.yml', ...args], {
    ...{ cwd: folder, encoding: 'utf8' as const },
    // No connection that outlives its command.
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8' },
      ...{ HW_TEST_SUDO: password, ANSIBLE_SSH_ARGS: '-o ControlMaster=no' },
    },
  });

describe.skipIf(unable('an inventory for Ansible', obstacle))('an inventory for Ansible', () => {
  it('has everybody in the groups, and reaches them with host keys checked', () =>
    inTemporaryDirectory(async (folder) => {
      const inner = `cp /etc/hosts hosts; echo 127.0.0.1 inner.invalid >>hosts; mount --bind hosts /etc/hosts`;
      const user = { name: 'ann', password };
      const asking = { user, sudoers: 'ann ALL=(ALL) ALL\n' };
      const [one, two, gate] = [await sshd(asking), await sshd(), await sshd({ prepare: inner })];
      const reach = ({ port, key }: Sshd, more: object) => ({
        host: '127.0.0.1',
        port,
        keys: [key],
        ...more,
      });
      const nodes = [
        {
          ...{ name: 'master', roles: ['etcd', 'master'], address: '10.99.0.11', interface: 'eth1' },
          ssh: reach(one, { user: 'ann', sudoPassword: 'env:HW_TEST_SUDO' }),
        },
        { name: 'minion', count: 1, roles: ['minion'] },
        {
          ...{ name: 'behind', roles: ['minion'], address: '10.99.0.90' },
          ssh: reach(two, { host: 'inner.invalid', user: 'root', bastion: reach(gate, { user: 'root' }) }),
        },
        { name: 'here', roles: ['minion'], address: '10.99.0.91', ssh: 'local' },
      ];
      process.env['HW_TEST_SUDO'] = password;
      const file = await inventory(folder, nodes, two);
      expect(readFileSync(file, 'utf8')).not.toContain(password);

      const listing = execFileSync('ansible-inventory', ['-i', file, '--list'], { encoding: 'utf8' });
      const listed = JSON.parse(listing) as Listed;
      const hosts = (group: string) => (listed[group] as { hosts?: readonly string[] }).hosts;
      expect(['init_master', 'masters', 'workers', 'etcd'].map(hosts)).toEqual([
        ['master'],
        ['master'],
        ['minion-1', 'behind', 'here'],
        ['master'],
      ]);
      expect(listed._meta.hostvars['master']).toMatchObject({
        ...{ hardway_address: '10.99.0.11', hardway_interface: 'eth1', ansible_port: one.port },
      });

      const ping = play(folder, 'all', '-m', 'ping');
      expect(ping.status, ping.stdout + ping.stderr).toBe(0);
      expect(ping.stdout.match(/"ping": "pong"/g)).toHaveLength(4);

      const known = join(folder, '.hardway', 'known_hosts');
      const other = readFileSync(join(two.dir, 'host_key.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
      const lines = readFileSync(known, 'utf8').split('\n');
      const wrong = lines.map((line) => (line.startsWith('master ') ? `master ${other}` : line));
      writeFileSync(known, wrong.join('\n'));
      const refused = play(folder, 'master', '-m', 'ping');
      expect(refused.stdout).toMatch(/UNREACHABLE[\s\S]*Host key verification failed/);
    }));
});
