import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedArtefacts } from '../../src/artefacts/artefacts.ts';
import { clean } from './support/clean.mjs';
import { type OwnMachines, ownMachines } from './support/own-machines.ts';

const password = 'four words of hers';
const nodes = [
  { name: 'master', roles: ['etcd', 'master'], ssh: 'admin@192.168.96.11/eth1' },
  { name: '192.168.96.12', roles: ['minion'], ssh: 'root@192.168.96.12/ens4' },
  { name: 'minion', roles: ['minion'], ssh: 'admin@192.168.96.13/eth2' },
];
/** As soon as sudo asks for a password on the third. */
const asked = {
  ...{ name: 'minion', roles: ['minion'], interface: 'eth2' },
  ssh: { host: '192.168.96.13', user: 'admin', sudoPassword: 'env:OWNER_SUDO' },
};
const described = { name: 'hwt-own', network: { machineCidr: '192.168.96.0/24' }, nodes };
const machines = [
  { name: 'one', nic: 'eth1', address: '192.168.96.11' },
  { name: 'two', nic: 'ens4', address: '192.168.96.12', prepare: 'hostname blue; echo blue >/etc/hostname' },
  {
    ...{ name: 'three', nic: 'eth2', address: '192.168.96.13' },
    prepare: `echo 'admin:${password}' | chpasswd
printf 'Defaults requiretty\\nadmin ALL=(ALL) NOPASSWD: ALL\\n' >/etc/sudoers.d/admin
sed -i 's/^#*MaxSessions.*//' /etc/ssh/sshd_config; echo 'MaxSessions 1' >/etc/ssh/sshd_config.d/few.conf
systemctl reload ssh`,
  },
];

/** The day of somebody who owns three Debian machines with sshd and sudo, and nothing else on them. */
describe('three machines of one’s own', () => {
  let own: OwnMachines;
  let elsewhere: string;
  /** Settings that are not in the file. */
  const variables = {
    HARDWAY_NETWORK_POD_CIDR: '10.32.0.0/16',
    HARDWAY_NETWORK_SERVICE_CIDR: '10.97.0.0/16',
    HARDWAY_NETWORK_DNS_SERVICE_IP: '10.97.0.53',
    HARDWAY_NETWORK_KUBE_PROXY: 'iptables',
  };
  const hardway = (...args: string[]) =>
    own.hardway(args, {
      ...{ OWNER_SUDO: password, HARDWAY_SSH_CONFIG: join(own.folder, 'ssh_config') },
      ...variables,
    });
  const must = async (...args: string[]): Promise<string> => {
    const { code, output } = await hardway(...args);
    expect(code, output).toBe(0);
    return output;
  };
  const describeAs = (change: (all: typeof nodes) => unknown[]): void =>
    writeFileSync(
      join(own.folder, 'cluster.json'),
      JSON.stringify({ ...described, nodes: change(structuredClone(nodes)) }),
    );
  const withPassword = ([first, second]: typeof nodes): unknown[] => [first, second, asked];
  const kubectl = (...args: string[]): string =>
    execFileSync(join(elsewhere, 'kubectl'), args, {
      ...{ encoding: 'utf8', cwd: '/' },
      env: { KUBECONFIG: join(elsewhere, 'config') },
    });

  beforeAll(async () => {
    own = await ownMachines('hwt-own', described, machines);
    elsewhere = join(own.folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(own.folder, 'ssh_config'), `Host *\nIdentityFile ${own.key}\n`);
  });
  afterAll(() => clean());

  it('pki init, with all of them switched off', async () => {
    const first = await must('pki', 'init');
    expect(first).toMatch(/\d+ files written; hardway up uses these/);
    expect(await must('pki', 'init')).toMatch(/all of it was there already/);
  });

  it('up: from their first boot to a cluster', async () => {
    const before = readFileSync(join(own.folder, '.hardway/pki/ca.crt'), 'utf8');
    await own.start('one', 'two', 'three');
    await must('up', '--yes');
    expect(readFileSync(join(own.folder, '.hardway/pki/ca.crt'), 'utf8')).toBe(before);
    for (const { name } of machines) expect(own.inside(name, 'cat /etc/kubernetes/pki/ca.crt')).toBe(before);
    expect(own.inside('two', 'uname -n')).toBe('blue\n');
  });

  it('started everything in an order in which nothing had to be tried twice', () => {
    const units = 'etcd kube-apiserver kube-controller-manager kube-scheduler';
    const restarts = own.inside('one', `systemctl show --property=NRestarts --value ${units}`);
    expect(restarts.split('\n').filter((line) => line !== '')).toEqual(['0', '0', '0', '0']);
  });

  it('ranges, the address of DNS and the mode of kube-proxy are those of the variables, everywhere', () => {
    const flags = own.inside(
      'one',
      "cat /proc/$(pgrep -x kube-apiserver)/cmdline /proc/$(pgrep -x kube-controller)/cmdline | tr '\\0' '\\n'",
    );
    expect(flags).toContain('--service-cluster-ip-range=10.97.0.0/16');
    expect(flags).toContain('--cluster-cidr=10.32.0.0/16');
    for (const { name } of machines) {
      expect(own.inside(name, 'grep -A1 clusterDNS /var/lib/kubelet/config.yaml')).toContain('10.97.0.53');
      const mode = `exec 3<>/dev/tcp/127.0.0.1/10249; printf "GET /proxyMode HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3`;
      expect(own.inside(name, `bash -c '${mode}'`)).toBe('iptables');
      expect(own.inside(name, 'cat /run/flannel/subnet.env')).toContain('FLANNEL_NETWORK=10.32.0.0/16');
      const old =
        'grep -rlE "10[.](244|96)[.]0[.]" /etc /var/lib/kubelet/*.yaml /var/lib/kube-proxy 2>/dev/null || true';
      expect(own.inside(name, old)).toBe('');
    }
  });

  it('again: nothing is left to do', async () => {
    const { code, output } = await hardway('plan');
    expect(code, output).toBe(0);
    expect(output).toContain('nothing to do');
    expect(output).toContain('192.168.96.12');
  });

  it('sudo may ask for a password, which is not kept', async () => {
    own.inside('three', "printf 'Defaults requiretty\\nadmin ALL=(ALL) ALL\\n' >/etc/sudoers.d/admin");
    const refused = await hardway('plan');
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('sudo')]);
    describeAs(withPassword);
    expect(await must('up', '--yes')).toMatch(/0 changes/);
    const kept = spawnSync('grep', ['-rl', password, join(own.folder, '.hardway')], { encoding: 'utf8' });
    expect([kept.status, kept.stdout]).toEqual([1, '']);
  });

  it('kubectl fetch: from a mirror, verified, and only once', async () => {
    const program = readFileSync(cachedArtefacts('auto')!.get('kubectl').file);
    const sum = createHash('sha256').update(program).digest('hex');
    let sent = 0;
    const mirror = createServer(({ method, url = '' }, answer) => {
      if (method === 'GET' && !url.endsWith('.sha256')) sent += 1;
      answer.end(url.endsWith('.sha256') ? sum : program);
    });
    await new Promise<void>((listening) => mirror.listen(0, '127.0.0.1', listening));
    const from = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}`;
    const env = { HARDWAY_CACHE: join(own.folder, 'cache') };
    const fetch = () => own.hardway(['kubectl', 'fetch', '--from', from, '--to', elsewhere], env);
    const { code, output } = await fetch();
    expect(code, output).toBe(0);
    expect(output).toMatch(/^master +Ready/m);
    expect((await fetch()).code).toBe(0);
    mirror.close();
    expect(sent).toBe(1);
    expect(existsSync(join(elsewhere, 'kubectl'))).toBe(true);
  });

  it('kubeconfig --merge: works from elsewhere, by every machine’s declared NIC', async () => {
    const { code, output } = await own.hardway(['kubeconfig', '--merge'], {
      KUBECONFIG: join(elsewhere, 'config'),
    });
    expect(code, output).toBe(0);
    const columns = `jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}`;
    expect(kubectl('get', 'nodes', '-o', columns)).toBe(
      '192.168.96.12 192.168.96.12\nmaster 192.168.96.11\nminion 192.168.96.13\n',
    );
    for (const { name, nic, address } of machines) {
      const link = own.inside(name, 'ip -d link show flannel.1');
      expect(link).toContain(`local ${address} dev ${nic}`);
    }
  });

  it('verify: pods reach each other on all of them, and a node called by its address is one of them', async () => {
    await must('verify');
  });

  it('export ansible: its inventory reaches every machine, host keys checked', async () => {
    const inventory = join(own.folder, 'inventory.yml');
    writeFileSync(inventory, await must('export', 'ansible'));
    const environment = {
      ...{ PATH: process.env['PATH'], HOME: elsewhere, LC_ALL: 'C.UTF-8', OWNER_SUDO: password },
      // No connection that outlives its command.
      ANSIBLE_SSH_ARGS: '-o ControlMaster=no',
    };
    const listing = execFileSync('ansible-inventory', ['-i', inventory, '--list'], { encoding: 'utf8' });
    expect((JSON.parse(listing) as { masters: { hosts: string[] } }).masters.hosts).toEqual(['master']);
    // They have no Python, which every module but this one wants.
    const told = ['-i', inventory, 'all', '--private-key', own.key, '-m', 'raw', '-a', 'uname -n'];
    const reached = spawnSync('ansible', told, { cwd: elsewhere, encoding: 'utf8', env: environment });
    expect(reached.status, reached.stdout + reached.stderr).toBe(0);
    expect(reached.stdout.match(/ CHANGED .* rc=0 /g)).toHaveLength(3);
  });

  it('a NIC that is not there is refused with those that are', async () => {
    describeAs(([master, second]) => [{ ...master, ssh: 'admin@192.168.96.11/eth7' }, second, asked]);
    const { code, output } = await hardway('plan');
    describeAs(withPassword);
    expect(code).toBe(1);
    expect(output).toMatch(
      /master: no NIC eth7 carries 192\.168\.96\.11; there are .*eth0 10\.0\.3\.\d+.*eth1 192\.168\.96\.11\/24/,
    );
  });

  it('another host key stops its machine and names the record; nobody is touched', async () => {
    own.inside(
      'two',
      'rm /etc/ssh/ssh_host_*; ssh-keygen -q -N "" -t ed25519 -f /etc/ssh/ssh_host_ed25519_key; systemctl restart ssh',
    );
    const { code, output } = await hardway('up', '--yes');
    expect(code).toBe(1);
    expect(output).toMatch(/✗ 192\.168\.96\.12: host key changed/);
    expect(output).toContain('hardway trust 192.168.96.12');
    await must('trust', '192.168.96.12');
    await must('up', '--yes');
  });

  it('one that is unplugged is told within its time, and is awaited', async () => {
    own.kill('three');
    const began = Date.now();
    const { code, output } = await hardway('up', '--yes', '--set', 'timeouts.connect=3');
    expect((Date.now() - began) / 1000, output).toBeLessThan(120);
    expect(code, output).toBe(3);
    expect(output).toMatch(/minion.*no (answer within 3 s|route to it)/);
    expect(output).toMatch(/awaiting minion/);
    await own.start('three');
    await must('up', '--yes');
  });

  it('all of them restarted: everything returns, with no run', async () => {
    for (const { name } of machines) own.kill(name);
    await own.start('one', 'two', 'three');
    const status = () => hardway('status').then(({ code, output }) => [code, code === 0 ? '' : output]);
    await expect.poll(status, { timeout: 180_000, interval: 2000 }).toEqual([0, '']);
    expect((await hardway('plan')).code).toBe(0);
  });

  it('down: what was there before Hardway is all that is there', async () => {
    await must('down', '--yes');
    for (const { name } of machines) {
      expect(own.inside(name, 'ls -d /etc/kubernetes /etc/etcd /usr/local/bin/* 2>/dev/null || true')).toBe(
        '',
      );
      expect(
        own.inside(
          name,
          'systemctl list-units --plain --no-legend | grep -cE "kube|etcd|flannel|containerd" || true',
        ),
      ).toBe('0\n');
    }
    expect(own.inside('two', 'uname -n')).toBe('blue\n');
  });
});
