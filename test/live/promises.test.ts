import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { daemons, type Description } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';

/** What plan announces is what up does, one change has one effect, and planning leaves no trace. */
describe('the promises of a plan', () => {
  const lab = mainLab();
  beforeAll(async () => {
    await bringUp(lab);
  });

  /** Names of daemons with another process id than before, as `machine daemon`. */
  async function restarted(act: () => Promise<unknown>): Promise<string[]> {
    const all = async () =>
      (
        await Promise.all(machines.map(async (machine) => [machine, await daemons(lab, machine)] as const))
      ).flatMap(([machine, text]) =>
        text
          .trim()
          .split('\n')
          .map((line) => `${machine} ${line}`),
      );
    const before = await all();
    await act();
    return (await all()).filter((line) => !before.includes(line)).map((line) => line.replace(/ \d+$/, ''));
  }

  const flag = (value?: string) => (description: Description) => {
    description['controlPlane'] =
      value === undefined ? {} : { extraArgs: { 'kube-apiserver': { 'event-ttl': value } } };
  };
  const minions = (more: object) => (description: Description) => {
    Object.assign(description.nodes.find(({ name }) => name === 'minion') ?? {}, more);
  };
  const onMinion = (script: string) => () => lab.on('minion-1', script);

  type Edit = [what: string, edit: () => unknown, changes: string[], restarts: string[]];
  const edits: Edit[] = [
    [
      'one flag of the API server',
      () => lab.edit(flag('2h')),
      ['master file:/etc/systemd/system/kube-apiserver.service', 'master service:kube-apiserver.service'],
      ['master kube-apiserver'],
    ],
    [
      'the flag taken back',
      () => lab.edit(flag()),
      ['master file:/etc/systemd/system/kube-apiserver.service', 'master service:kube-apiserver.service'],
      ['master kube-apiserver'],
    ],
    [
      'a label of nodes',
      () => lab.edit(minions({ labels: { rack: 'y' } })),
      ['master node:minion-1', 'master node:minion-2'],
      [],
    ],
    [
      'the label taken away',
      () => lab.edit(minions({ labels: {} })),
      ['master node:minion-1', 'master node:minion-2'],
      [],
    ],
    [
      'an edited file',
      onMinion('echo "# by hand" >> /var/lib/kubelet/config.yaml'),
      ['minion-1 file:/var/lib/kubelet/config.yaml'],
      [],
    ],
    [
      'another mode',
      onMinion('chmod 666 /etc/kubernetes/pki/ca.crt'),
      ['minion-1 file:/etc/kubernetes/pki/ca.crt'],
      [],
    ],
    ['a sysctl', onMinion('sysctl -qw net.ipv4.ip_forward=0'), ['minion-1 sysctl:net.ipv4.ip_forward'], []],
    ['a stopped unit', onMinion('systemctl stop kube-proxy'), ['minion-1 service:kube-proxy.service'], []],
    [
      'a disabled unit',
      onMinion('systemctl disable -q kube-proxy'),
      ['minion-1 service:kube-proxy.service'],
      [],
    ],
    [
      'a deleted API object',
      () => lab.kubectl(['delete', 'clusterrolebinding', 'hardway:kubelet-api']),
      ['master clusterrolebinding:hardway:kubelet-api'],
      [],
    ],
    [
      'an edited API object',
      () => lab.kubectl(['scale', '--namespace=kube-system', 'deployment/coredns', '--replicas=1']),
      ['master deployment:kube-system/coredns'],
      [],
    ],
  ];

  it.each(edits)('%s is named exactly by plan and done by up', async (_, edit, changes, restarts) => {
    await edit();
    const plan = await told(lab, 'plan');
    expect([plan.code, plan.changes]).toEqual([2, changes]);
    const again: string[] = [];
    const killed = await restarted(async () => {
      const up = await told(lab, 'up');
      expect(up.code, up.output).toBe(0);
      again.push(...up.changes);
    });
    expect(again).toEqual(changes);
    // A unit that was stopped by hand has no process id to lose; it only gains one.
    expect(killed.filter((line) => !changes.includes(`${line.replace(' ', ' service:')}.service`))).toEqual(
      [],
    );
    expect(restarts.every((line) => killed.includes(line))).toBe(true);
    expect((await told(lab, 'plan')).code).toBe(0);
  });

  it('planning writes on no machine, starts and stops nothing', async () => {
    await lab.on('minion-1', 'echo "# by hand" >> /var/lib/kubelet/config.yaml; systemctl stop kube-proxy');
    const before = await Promise.all(machines.map(trace));
    const plan = await told(lab, 'plan');
    expect(plan.changes).toHaveLength(2);
    expect(await Promise.all(machines.map(trace))).toEqual(before);
    expect((await told(lab, 'up')).code).toBe(0);
  });

  /** Every file with its times, every process with its start; without what the cluster itself writes all the time. */
  async function trace(machine: string): Promise<string> {
    const { stdout } = await lab.on(
      machine,
      `find /etc /usr /opt /root /home /tmp /boot /srv /var/lib/hardway /var/lib/kube-proxy /var/lib/kubelet /run/hardway /run/flannel \\
  -path /var/lib/kubelet/pods -prune -o -path /var/lib/kubelet/plugins -prune -o -printf '%p %i %m %U:%G %s %T@ %C@\\n' 2>/dev/null | sort
systemctl list-units --all --plain --no-legend --type=service,timer,socket | grep -v 'user@\\|session' | awk '{ print $1, $3 }'
sysctl net.ipv4.ip_forward; nft list tables | sort
for pid in $(systemctl show --property=MainPID --value containerd kubelet kube-proxy flanneld etcd kube-apiserver); do [ -e /proc/$pid/stat ] && cut -d' ' -f1,2,22 /proc/$pid/stat; done`,
    );
    expect(stdout.split('\n').length).toBeGreaterThan(5000);
    return stdout;
  }

  it('a kept plan is done exactly, and refused when the world has moved', async () => {
    const file = join(lab.folder, 'next.json');
    await lab.on('minion-2', 'chmod 600 /etc/kubernetes/pki/ca.crt');
    expect((await lab.hardway('plan', '--out', file)).code).toBe(2);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ changes: [{ machine: 'minion-2' }] });
    await lab.on('minion-1', 'sysctl -qw net.ipv4.ip_forward=0');
    const refused = await lab.hardway('up', '--plan', file);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /the world has moved[\s\S]*not in it: {2}minion-1 sysctl:net.ipv4.ip_forward/,
    );
    await lab.on('minion-1', 'sysctl -qw net.ipv4.ip_forward=1');
    const done = await told(lab, 'up', '--plan', file);
    expect([done.code, done.changes]).toEqual([0, ['minion-2 file:/etc/kubernetes/pki/ca.crt']]);
    rmSync(file);
  });

  it('why tells the run, the lines and the key behind a change', async () => {
    const { code, output } = await lab.hardway('why', 'master', 'kube-apiserver');
    expect(code).toBe(0);
    expect(output).toMatch(
      /because +controlPlane\.extraArgs\.kube-apiserver\.event-ttl: not set → 2h\n(?: +[-+] .*\n)* +\+ +--event-ttl=2h/,
    );
    expect(output).toContain('follows   network.serviceCidr');
    expect((await lab.hardway('why', 'master', 'nonsense')).code).toBe(1);
  });

  it.each([
    ['network.podCidr', '10.200.0.0/16'],
    ['network.dns.domain', 'other.local'],
    ['network.serviceCidr', '10.97.0.0/16'],
    ['network.flannel.store', 'kubernetes'],
    ['network.flannel.backend', 'host-gw'],
  ])('%s cannot be changed: refused with the reason, nothing touched', async (key, value) => {
    const up = await told(lab, 'up', '--set', `${key}=${value}`);
    expect([up.code, up.changes]).toEqual([1, []]);
    expect(up.output).toContain(key);
    expect((await told(lab, 'plan')).code).toBe(0);
  });
});
