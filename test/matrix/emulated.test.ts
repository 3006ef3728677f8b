import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { destroy } from '../live/support/bring-up.ts';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';

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

/** An image of this test's own: it exports a folder, and what it mounts itself it can mount for pods. */
function withExport(recipeFile: string): void {
  const recipe = JSON.parse(readFileSync(recipeFile, 'utf8')) as { packages: string[]; files: object[] };
  recipe.packages.push('nfs-kernel-server');
  recipe.files.push(
    { path: '/etc/exports', content: ['/srv/nfs *(rw,no_root_squash,insecure,no_subtree_check,fsid=0)'] },
    { path: '/srv/nfs/hello', content: ['from the export'] },
  );
  writeFileSync(recipeFile, JSON.stringify(recipe));
}

/** Files without holes: one that fstab names, one of a unit. */
const SWAP = `for name in fstab unit; do
  dd if=/dev/zero of=/swap.$name bs=1M count=32 status=none
  chmod 600 /swap.$name
  mkswap /swap.$name >/dev/null
done
echo '/swap.fstab none swap sw 0 0' >>/etc/fstab
printf '%s\\n' '[Swap]' What=/swap.unit '[Install]' WantedBy=swap.target >/etc/systemd/system/swap.unit.swap
systemctl daemon-reload
systemctl enable --now swap.unit.swap
swapon -a`;

/** What most users have and containers lack: a kernel of its own with cgroup v2, modules to load, swap in use. */
describe('a machine under qemu', () => {
  const lab = makeLab('hwt-qemu', '192.168.109.0/24');
  const ADDRESS = '192.168.109.11';
  const hardway = join(lab.folder, 'dist/hardway.js');

  /** As root there; a machine so slow may seem gone for a while. */
  const on = (script: string): Promise<string> =>
    vi.waitFor(
      async () => {
        const result = await lab.on('solo', script, { connect: 60, run: 600 });
        if (!result.ok) throw new Error(`exit ${result.code}: ${result.stdout}${result.stderr}`);
        return result.stdout.trim();
      },
      { timeout: 300_000, interval: 5000 },
    );
  const kubectl = (args: string): Promise<string> =>
    on(`kubectl --kubeconfig=/etc/kubernetes/admin.conf ${args}`);
  /** Processes that run a disk of this folder. */
  const processes = (): string[] =>
    readdirSync('/proc').filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(lab.folder, '.hardway/qemu/'));
      } catch {
        return false;
      }
    });

  beforeAll(async () => {
    withExport(join(lab.folder, 'boxes/debian-12.json'));
    lab.edit((description) => {
      description.nodes = [{ name: 'solo', roles: ['etcd', 'master', 'minion'], cpus: 2, memory: 4096 }];
      description['provider'] = 'qemu';
      description['controlPlane'] = { schedulable: true };
      description['host'] = { nfsClient: true };
      description['timeouts'] = SLOW;
    });
    const started = await lab.hardway('lab', 'machines');
    expect(started.code, started.output).toBe(0);
  });
  afterAll(() => destroy(lab));

  it('has cgroup v2, swap in use, and modules that are not loaded', async () => {
    await expect
      .poll(() => on('systemctl is-system-running --wait; true').catch(String), {
        timeout: 1_200_000,
        interval: 5000,
      })
      .toMatch(/^(running|degraded)$/);
    await on(SWAP);
    expect(await on('stat -fc %T /sys/fs/cgroup')).toBe('cgroup2fs');
    expect(await on('nproc; df --output=size -BG / | tail -1')).toMatch(/^2\n +(19|20)G$/);
    expect(processes()).toHaveLength(1);
    expect(await on("sed 1d /proc/swaps | cut -d' ' -f1 | sort")).toBe('/swap.fstab\n/swap.unit');
    expect(await on('lsmod | grep -cE "^(br_netfilter|overlay) " || true')).toBe('0');
  });

  it('is brought up', { timeout: 3_500_000 }, async () => {
    const { code, output } = await command(process.execPath, [hardway, 'up'], {
      cwd: lab.folder,
      seconds: 3400,
    });
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

  it('has the memory that cluster.json says, by a restart that ends it in good order', async () => {
    lab.edit(({ nodes }) => void (nodes[0]!.memory = 5120));
    const { code, output } = await command(process.execPath, [hardway, 'up'], {
      cwd: lab.folder,
      seconds: 3000,
    });
    expect([code, output]).toEqual([0, expect.stringContaining('hardware:solo')]);
    expect(await on("awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo")).toMatch(/^[45]\d\d\d$/);
    expect(readFileSync(join(lab.folder, '.hardway/qemu/solo/console.log'), 'utf8')).toMatch(
      /reboot: Power down/,
    );
    expect((await lab.hardway('status')).code).toBe(0);
    // It started so by itself: the run had nothing of this to mend.
    expect(output).not.toMatch(/host:swap|kernel:features/);
    expect((await on('cat /proc/swaps')).split('\n')).toEqual([expect.stringMatching(/^Filename/)]);
    expect(await on('lsmod | grep -cE "^(br_netfilter|overlay) "')).toBe('2');
  });

  it('is gone after down: no process of ours, no disk, no NIC on this host', async () => {
    const down = await lab.hardway('down', '--yes');
    expect([down.code, down.output]).toEqual([0, expect.stringContaining('ended and deleted: solo')]);
    expect(processes()).toEqual([]);
    expect(existsSync(join(lab.folder, '.hardway/qemu/solo'))).toBe(false);
    expect(readdirSync('/sys/class/net/hw-hwt-qemu/brif')).toEqual([]);
    const left = await lab.hardway('up');
    expect([left.code, left.output]).toEqual([3, expect.stringContaining('awaiting solo')]);
  });
});
