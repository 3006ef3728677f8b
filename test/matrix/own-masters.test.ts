import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clean } from '../live/support/clean.mjs';
import { type OwnMachines, ownMachines } from '../live/support/own-machines.ts';

const PREFIX = '192.168.120';
const masters = ['m1', 'm2', 'm3'];
const machines = [...masters, 'minion'].map((name, index) => ({
  ...{ name, nic: 'eth1', address: `${PREFIX}.${11 + index}` },
}));
const nodes = machines.map(({ name, nic, address }) => ({
  name,
  roles: masters.includes(name) ? ['etcd', 'master'] : ['minion'],
  ssh: `${name === 'm2' ? 'root' : 'admin'}@${address}/${nic}`,
}));

/** What Hardway could have left: files, lines, addresses, rules, units, users, processes. */
const TRACES = `find / -xdev -path /proc -prune -o -path /sys -prune -o -path '/var/log/journal' -prune -o \
  \\( -name '*kube*' -o -name '*hardway*' -o -name '*etcd*' -o -name '*flannel*' -o -name '*containerd*' -o -path '/opt/cni/bin/*' -o -path '/usr/local/bin/*' \\) -print
cat /etc/hosts; ip -4 -o address | awk '{ print $2, $4 }'; ip -4 route; nft list ruleset
systemctl list-unit-files --no-legend | grep -E '^(kube|etcd|flannel|containerd|hardway)' || true
getent passwd | cut -d: -f1 | grep -E 'etcd|kube' || true
cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -E '^/usr/local/' || true`;

/** Several masters on machines that somebody owns: Debian, sshd, sudo, and nothing that Vagrant or a box brought. */
describe.each(['scratch', 'kubeadm'])('three masters of one’s own, by %s', (flavour) => {
  let own: OwnMachines;
  let before: string[];
  const traces = (): string[] => machines.map(({ name }) => own.inside(name, TRACES));
  const must = async (...args: string[]): Promise<string> => {
    const { code, output } = await own.hardway(args, { HARDWAY_SSH_CONFIG: join(own.folder, 'ssh_config') });
    expect(code, output).toBe(0);
    return output;
  };

  beforeAll(async () => {
    const network = { machineCidr: `${PREFIX}.0/24` };
    const controlPlane = { endpoint: `${PREFIX}.10` };
    const described = { name: 'hwt-own3', kubernetes: { flavour }, network, controlPlane, nodes };
    own = await ownMachines('hwt-own3', described, machines);
    writeFileSync(join(own.folder, 'ssh_config'), `Host *\nIdentityFile ${own.key}\n`);
    await own.start(...machines.map(({ name }) => name));
    before = traces();
  });
  afterAll(() => clean());

  it('up: from their first boot to a cluster', async () => {
    await must('up', '--yes');
    const members = await must('etcd', 'status');
    for (const master of masters) expect(members).toMatch(new RegExp(`^${master} .* healthy `, 'm'));
  });

  it('verify: everything works', async () => {
    expect(await must('verify')).toMatch(/^✓ etcd: /m);
    expect(await must('status')).toMatch(/all is well\n$/);
  });

  it('again: nothing is left to do', async () => {
    expect(await must('up', '--yes')).toMatch(/done: 0 changes/);
    expect(await must('plan')).toContain('nothing to do');
  });

  it('down: what was there before Hardway is all that is there', async () => {
    expect(own.inside('minion', TRACES)).not.toBe(before.at(-1));
    await must('down', '--yes');
    expect(traces()).toEqual(before);
  });
});
