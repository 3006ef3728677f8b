import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';
import { reboot, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';

const lab = makeLab('hwt-static', '192.168.97.0/24');
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
type ControlPlane = { style?: string; extraArgs?: Record<string, Record<string, string>> };
const controlPlane = (change: ControlPlane): void =>
  lab.edit((description) => {
    description['controlPlane'] = { ...(description['controlPlane'] as object), ...change };
  });

/** Seconds until one that hangs is another one: eight times 15, and a start. */
const LIMIT = 180;

const onMaster = async (script: string): Promise<string> => (await lab.on('master', script)).stdout.trim();
/** Number of the process by program, whoever runs it; '' for one that does not run. */
const processes = async (): Promise<Map<string, string>> => {
  const found = COMPONENTS.map(async (name): Promise<[string, string]> => [
    name,
    await onMaster(`pgrep -f '^/usr/local/bin/${name} '`),
  ]);
  return new Map(await Promise.all(found));
};

const ready = (): Promise<boolean> =>
  lab.kubectl(['get', '--raw', '/readyz', '--request-timeout=2s']).then((said) => said === 'ok');

/** Stops the program, which goes on to hold its port and says nothing; seconds until another one serves. */
async function revived(name: string): Promise<number> {
  const before = (await processes()).get(name) ?? '';
  await onMaster(`kill -STOP ${before}`);
  const seconds = await until(async () => {
    const now = (await processes()).get(name) ?? '';
    return now !== '' && !now.includes(before) && (await ready());
  }, 2 * LIMIT);
  console.log(`${name}: hung, and again there after ${Math.round(seconds)} s`);
  return seconds;
}

const nothingToDo = async (): Promise<void> => {
  const before = await processes();
  const up = await told(lab, 'up');
  expect([up.code, up.changes], up.output).toEqual([0, []]);
  expect(await processes()).toEqual(before);
  const plan = await told(lab, 'plan');
  expect(plan.code, plan.output).toBe(0);
};

standing(lab, () => {
  lab.edit((description) => {
    for (const node of description.nodes) if (node.name === 'minion') node.count = 1;
  });
  controlPlane({ style: 'static-pods' });
});

/** By our own hands alone, and it works. */
const proven = async (): Promise<void> => {
  const verified = await lab.hardway('verify');
  expect(verified.code, verified.output).toBe(0);
  for (const machine of ['master', 'minion-1'])
    expect((await lab.on(machine, 'find / -xdev -name "*kubeadm*" -type f -perm /111')).stdout).toBe('');
};

describe('static pods', () => {
  it('run all three, without a unit; a second run does nothing', async () => {
    const pods = await lab.kubectl([
      'get',
      'pods',
      '-n',
      'kube-system',
      '-l',
      'tier=control-plane',
      '-o',
      'name',
    ]);
    expect(pods.trim().split('\n').sort()).toEqual(COMPONENTS.map((name) => `pod/${name}-master`));
    expect(await onMaster('ls /etc/systemd/system | grep -cE "^(kube-[acs]|hardway-watchdog)"')).toBe('0');
    await nothingToDo();
  });

  it('are known to status and the checks', async () => {
    const status = await lab.hardway('status');
    expect(status.code, status.output).toBe(0);
    await proven();
    const ports = await lab.hardway('verify', 'ports');
    expect(ports.code, ports.output).toBe(0);
    const { output } = await lab.hardway('verify', 'security', '--json');
    const { findings } = JSON.parse(output) as { findings: { is: string; remedy?: string }[] };
    expect(findings.filter(({ is, remedy }) => is === 'wrong' && remedy !== 'security.profile')).toEqual([]);
  });

  it('their logs and versions are told like those of units', async () => {
    const logs = await lab.hardway('logs', 'master', 'kube-apiserver', '--lines', '3');
    expect([logs.code, logs.output], logs.output).toEqual([
      0,
      expect.stringMatching(/^(\S+Z master kube-apiserver: .*\n){3}$/),
    ]);
    const all = await lab.hardway('logs', 'master', '--lines', '2');
    expect(all.output).toMatch(/ master kube-scheduler: /);
    const unit = await lab.hardway('logs', 'master', 'containerd', '--lines', '1');
    expect(unit.output).toMatch(/ master containerd\[\d+\]: /);
    expect(all.output).toMatch(/ master (containerd|etcd|flanneld|kubelet|kube-proxy)\[\d+\]: /);
    const { output } = await lab.hardway('version', '--nodes', '--json');
    expect(output).toMatch(/"kube-apiserver": *"1\.\d+\.\d+"/);
  });

  it('one whose file was removed comes back, and no other restarts', async () => {
    const before = await processes();
    await onMaster('rm /etc/kubernetes/manifests/kube-scheduler.yaml');
    await until(async () => (await processes()).get('kube-scheduler') === '', 60);
    const up = await told(lab, 'up');
    const file = 'master file:/etc/kubernetes/manifests/kube-scheduler.yaml';
    expect([up.code, up.changes], up.output).toEqual([0, [file, 'master pod:kube-scheduler']]);
    const after = await processes();
    expect(after.get('kube-scheduler')).toMatch(/^\d+$/);
    for (const name of COMPONENTS.slice(0, 2)) expect(after.get(name)).toBe(before.get(name));
  });

  it('a changed flag restarts exactly its pod', async () => {
    const before = await processes();
    controlPlane({ extraArgs: { 'kube-scheduler': { v: '1' } } });
    const up = await told(lab, 'up');
    expect(up.code, up.output).toBe(0);
    const after = await processes();
    expect(COMPONENTS.filter((name) => before.get(name) !== after.get(name))).toEqual(['kube-scheduler']);
    expect(await onMaster(`tr '\\0' ' ' </proc/${after.get('kube-scheduler')}/cmdline`)).toContain(' --v=1');
  });

  it.each(COMPONENTS)('%s that hangs is restarted by its probe', async (name) => {
    expect(await revived(name)).toBeLessThan(LIMIT);
  });
});

describe('units', () => {
  it('take the place of the pods, as the plan says; the interruption is short', async () => {
    controlPlane({ style: 'systemd' });
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('ends the pod kube-apiserver: the API does not answer for some seconds');
    const up = await told(lab, 'up');
    expect(up.code, up.output).toBe(0);
    expect(await onMaster('ls /etc/kubernetes/manifests')).toBe('');
    expect(await onMaster(`systemctl is-active ${COMPONENTS.join(' ')}`)).toBe('active\nactive\nactive');
    await proven();
    await nothingToDo();
  });

  it('one that hangs is restarted by the watchdog, which costs next to nothing', async () => {
    // In hundredths of a second, with what its children took.
    const spent = async (): Promise<number> =>
      Number(
        await onMaster(
          "cat $(pgrep -f '^/bin/sh /usr/local/lib/hardway/watchdog' | sed 's#.*#/proc/&/stat#') | awk '{ all += $14 + $15 + $16 + $17 } END { print all }'",
        ),
      );
    const before = await spent();
    const began = Date.now();
    expect(await revived('kube-apiserver')).toBeLessThan(LIMIT);
    const share = ((await spent()) - before) / ((Date.now() - began) / 10);
    console.log(`the watchdog takes ${(share * 100).toFixed(2)} % of one processor`);
    expect(await onMaster('journalctl -u hardway-watchdog --output=cat --no-pager')).toContain(
      'it is killed',
    );
  });

  it.each(COMPONENTS.slice(1))('so is %s', async (name) => {
    expect(await revived(name)).toBeLessThan(LIMIT);
  });

  it('and pods take theirs again', async () => {
    controlPlane({ style: 'static-pods' });
    const up = await told(lab, 'up');
    expect(up.code, up.output).toBe(0);
    expect(await onMaster('ls /etc/systemd/system | grep -cE "^(kube-[acs]|hardway-watchdog)"')).toBe('0');
    await nothingToDo();
  });

  it('all of it is there again after a reboot', async () => {
    await reboot(lab, 'master');
    await wellAgain(lab, 120);
    await nothingToDo();
  });
});
