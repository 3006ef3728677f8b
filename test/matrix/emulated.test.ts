import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { sshConnection } from '../../src/connection/ssh.ts';
import { withSudo } from '../../src/connection/sudo.ts';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';
import { ADDRESS, emulatedImage, type Image } from './support/emulated-image.ts';
import { type EmulatedMachine, startMachine } from './support/emulated-machine.ts';

/** Seconds: everything takes its time there. */
const SLOW = {
  etcdQuorum: 900,
  apiServer: 1200,
  flannelSubnet: 900,
  nodeReady: 1200,
  rollout: 1800,
  connect: 60,
  answer: 30,
};

/** What most users have and containers lack: a kernel of its own with cgroup v2, modules to load, swap in use. */
describe('an emulated machine', () => {
  const lab = makeLab('hwt-emulated', '192.168.100.0/24');
  const folder = mkdtempSync(join(tmpdir(), 'hardway-emulated-'));
  let image: Image;
  let machine: EmulatedMachine;

  /** As root there; a machine so slow may seem gone for a while. */
  const on = (script: string): Promise<string> =>
    vi.waitFor(() => once(script), { timeout: 300_000, interval: 5000 });
  const once = async (script: string): Promise<string> => {
    const connection = withSudo(
      sshConnection({
        ...{ host: '127.0.0.1', port: machine.port, user: 'vagrant', keys: [join(folder, 'key')] },
        ...{ knownHosts: knownHosts(join(folder, 'known_hosts')), label: 'solo', connectTimeout: 60 },
      }),
    );
    try {
      await connection.connect();
      const result = await connection.run(script, { limit: 600 });
      if (!result.ok) throw new Error(`exit ${result.code}: ${result.stdout}${result.stderr}`);
      return result.stdout.trim();
    } finally {
      await connection.close();
    }
  };
  const kubectl = (args: string): Promise<string> =>
    on(`kubectl --kubeconfig=/etc/kubernetes/admin.conf ${args}`);

  beforeAll(async () => {
    if (spawnSync('qemu-system-x86_64', ['--version']).status !== 0)
      spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'qemu-system-x86'], {
        stdio: 'inherit',
      });
    image = await emulatedImage((event) => {
      if (event.type === 'note') console.log(event.text);
    });
    copyFileSync(image.key, join(folder, 'key'));
    machine = await startMachine(image, folder);
    expect((await lab.npm('ci')).code).toBe(0);
    lab.edit((description) => {
      const ssh = { host: '127.0.0.1', port: machine.port, user: 'vagrant', keys: [join(folder, 'key')] };
      const solo = { name: 'solo', roles: ['etcd', 'master', 'minion'], address: ADDRESS, ssh };
      description.nodes = [solo];
      description['controlPlane'] = { schedulable: true };
      description['host'] = { nfsClient: true };
      description['timeouts'] = SLOW;
    });
  });
  afterAll(async () => {
    await machine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has cgroup v2, swap in use, and modules that are not loaded', async () => {
    await expect
      .poll(() => on('systemctl is-system-running --wait; true').catch(String), {
        timeout: 1_200_000,
        interval: 5000,
      })
      .toMatch(/^(running|degraded)$/);
    expect(await on('stat -fc %T /sys/fs/cgroup')).toBe('cgroup2fs');
    expect(await on("sed 1d /proc/swaps | cut -d' ' -f1 | sort")).toBe('/swap.fstab\n/swap.unit');
    expect(await on('lsmod | grep -cE "^(br_netfilter|overlay) " || true')).toBe('0');
  });

  it('is brought up', { timeout: 3_500_000 }, async () => {
    const hardway = [join(lab.folder, 'dist/hardway.js'), 'up'];
    const { code, output } = await command(process.execPath, hardway, { cwd: lab.folder, seconds: 3400 });
    console.log(output);
    expect(code, output).toBe(0);
  });

  it('has the systemd driver, the modules, and no swap, also after the next start', async () => {
    expect(await on('grep -c "SystemdCgroup = true" /etc/containerd/config.toml')).toBe('1');
    expect(
      await on('grep -h cgroupDriver /var/lib/kubelet/*.yaml /etc/kubernetes/*.yaml 2>/dev/null | sort -u'),
    ).toContain('systemd');
    expect(await on('lsmod | grep -cE "^(br_netfilter|overlay) "')).toBe('2');
    expect(await on('SYSTEMD_LOG_LEVEL=debug /lib/systemd/systemd-modules-load 2>&1')).toMatch(
      /br_netfilter/,
    );
    expect(await on('sed 1d /proc/swaps')).toBe('');
    expect(await on('grep swap /etc/fstab')).toMatch(/^# hardway: /);
    expect(await on('systemctl is-enabled swap.unit.swap || true')).toBe('disabled');
  });

  it('is well, and a second run changes nothing', async () => {
    const again = await lab.hardway('up');
    expect(again.output).toMatch(/done: 0 changes/);
    const status = await lab.hardway('status');
    expect(status.code, status.output).toBe(0);
  });

  it('has pods that mount an NFS export', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'reader' },
      spec: {
        containers: [
          {
            ...{ name: 'pause', image: 'registry.k8s.io/pause:3.10.2' },
            volumeMounts: [{ name: 'files', mountPath: '/files' }],
          },
        ],
        volumes: [{ name: 'files', nfs: { server: ADDRESS, path: '/' } }],
      },
    };
    await kubectl(`apply -f - <<'POD'\n${JSON.stringify(pod)}\nPOD`);
    await kubectl('wait --for=condition=Ready pod/reader --timeout=500s');
    // What the pod's own process sees.
    const seen = await on(
      'for pid in $(pgrep -x pause); do cat /proc/$pid/root/files/hello 2>/dev/null; done; true',
    );
    expect(seen).toBe('from the export');
    expect(await on('findmnt -t nfs4 -n -o FSTYPE')).toContain('nfs4');
    await kubectl('delete pod reader --wait=true --timeout=300s');
    await expect.poll(() => on('findmnt -t nfs4 -n || true'), { timeout: 120_000 }).toBe('');
  });
});
