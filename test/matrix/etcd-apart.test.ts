import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { told } from '../live/support/changes.ts';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';
import { deployProbe, inPod, probePods } from '../live/support/probe.ts';
import { describeAs } from '../live/support/example.ts';

const lab = makeLab('hwt-apart', '192.168.102.0/24');
const members = ['etcd-1', 'etcd-2', 'etcd-3'];
const ENDPOINTS = `--endpoints=${[11, 12, 13].map((host) => `https://192.168.102.${host}:2379`).join(',')}`;

const on = (machine: string, script: string) => lab.on(machine, script);
const lxc = async (program: string, machine: string, ...args: string[]): Promise<void> => {
  const run = await command(program, [...args, '-n', `${machine}.${lab.name}`], { cwd: lab.folder });
  expect(run.code, run.output).toBe(0);
};

/** The database on machines of its own, where nothing of Kubernetes runs. */
describe('etcd apart', () => {
  beforeAll(async () => {
    expect((await lab.npm('ci')).code).toBe(0);
    describeAs(lab, 'etcd-apart', '192.168.102');
    const made = await lab.npm('run', 'lab');
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    const gone = await lab.npm('run', 'lab', '--', '--destroy');
    expect(gone.code, gone.output).toBe(0);
  });

  it('the members are the machines with the role, and only those run etcd', async () => {
    const { stdout } = await on(
      'etcd-1',
      `etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key member list | cut -d, -f3 | sort`,
    );
    expect(stdout.trim().split(/\s+/)).toEqual(members);
    for (const machine of ['master-1', 'master-2', 'minion-1'])
      expect((await on(machine, 'pgrep -x etcd; ls -d /var/lib/etcd 2>/dev/null; true')).stdout).toBe('');
    for (const machine of members)
      expect((await on(machine, 'pgrep -x "kubelet|containerd|kube-.*|flanneld"; true')).stdout).toBe('');
    const nodes = await lab.kubectl(['get', 'nodes', '-o', 'name']);
    expect(nodes.trim().split('\n')).toEqual(['node/master-1', 'node/master-2', 'node/minion-1']);
  });

  it('every member is well; who has no certificate of its authority is not heard', async () => {
    const ask = (credential: string) =>
      on('etcd-1', `etcdctl ${ENDPOINTS} --command-timeout=5s ${credential} endpoint health 2>&1; true`);
    const root = '--cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key';
    const well = await ask(`--cacert=/etc/etcd/pki/ca.crt ${root}`);
    expect(well.stdout.match(/is healthy/g), well.stdout).toHaveLength(3);
    const closed = await ask('--cacert=/etc/etcd/pki/ca.crt');
    expect(closed.stdout.match(/is unhealthy/g), closed.stdout).toHaveLength(3);
    // One of the cluster's own authority, where such a one is: on a minion.
    const foreign = await on(
      'minion-1',
      `curl -s -m 5 -k --cert /var/lib/kubelet/pki/kubelet-client-current.pem https://192.168.102.11:2379/version; echo "exit $?"`,
    );
    expect(foreign.stdout).toMatch(/^exit (35|55|56)$/m);
  });

  it.each(members)(
    'without %s the API takes writes, and a machine that starts is given its pods’ network',
    async (gone) => {
      await lxc('lxc-stop', gone, '-k');
      // Whoever led has to be replaced first.
      const written = () => lab.kubectl(['annotate', 'node', 'minion-1', `without=${gone}`, '--overwrite']);
      await expect.poll(() => written().then(() => 'written', String), { timeout: 30_000 }).toBe('written');
      const restarted = await on(
        'minion-1',
        'rm -f /run/flannel/subnet.env; systemctl restart flanneld; for i in $(seq 60); do [ -s /run/flannel/subnet.env ] && exit 0; sleep 0.5; done; exit 1',
      );
      expect(restarted.code, restarted.stderr).toBe(0);
      const status = await lab.hardway('status');
      expect(status.code, status.output).toBe(1);
      expect(status.output).toContain(gone);
      await lxc('lxc-start', gone);
      await expect.poll(async () => (await lab.hardway('etcd', 'status')).code, { timeout: 60_000 }).toBe(0);
    },
  );

  it('is made smaller one member at a time, the leader last', async () => {
    const status = await lab.hardway('etcd', 'status');
    const [, leader] = /^(\S+) .* leader /m.exec(status.output) ?? [];
    const { code, output } = await lab.hardway('etcd', 'defrag');
    expect(code, output).toBe(0);
    const order = output
      .trim()
      .split('\n')
      .map((line) => line.split(':')[0]);
    expect([...order].sort()).toEqual(members);
    expect(order.at(-1)).toBe(leader);
  });

  it('pods of each pair reach each other; a second run has nothing to do', async () => {
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
    await deployProbe(lab, ['master-1', 'master-2', 'minion-1']);
    const [pod] = await probePods(lab);
    expect(await inPod(lab, pod!, 'nslookup', 'kubernetes.default.svc.cluster.local')).toContain('10.96.0.1');
  });
});
