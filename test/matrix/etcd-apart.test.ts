import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destroy } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { ETCDCTL, members } from '../live/support/etcd.ts';
import { describeAs } from '../live/support/example.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn } from '../live/support/power.ts';
import { deployProbe, inPod, probePods } from '../live/support/probe.ts';
import { until } from '../live/support/waiting.ts';
import { goesOnAlone } from './support/lost-quorum.ts';

const lab = makeLab('hwt-apart', '192.168.102.0/24');
const etcds = ['etcd-1', 'etcd-2', 'etcd-3'];
const ENDPOINTS = `--endpoints=${[51, 52, 53].map((host) => `https://192.168.102.${host}:2379`).join(',')}`;

const on = (machine: string, script: string) => lab.on(machine, script);
/** Seconds for a machine to start. */
const START = 60;
async function arrive(...machines: string[]): Promise<void> {
  await powerOn(lab, ...machines);
  await Promise.all(machines.map((machine) => until(async () => (await on(machine, 'true')).ok, START)));
}
/** Which database each of these has: two that began apart would have two numbers. */
const databases = (...machines: string[]) =>
  Promise.all(
    machines.map(async (machine) => {
      const { stdout } = await on(machine, `${ETCDCTL} endpoint status -w json`);
      return /"cluster_id":(\d+)/.exec(stdout)?.[1] ?? stdout;
    }),
  );

/** The database on machines of its own, where nothing of Kubernetes runs. */
describe.each(['scratch', 'kubeadm'])('etcd apart, by %s', (flavour) => {
  beforeAll(async () => {
    describeAs(lab, 'etcd-apart', '192.168.102');
    lab.edit((description) => {
      description['kubernetes'] = { flavour };
    });
    const made = await lab.hardway('lab', 'machines');
    expect(made.code, made.output).toBe(0);
    await powerOff(lab, 'etcd-2', 'etcd-3');
  });
  afterAll(() => destroy(lab));

  const few: [number: string, awaited: string, coming: string[]][] = [
    ['one', 'etcd-2, etcd-3', []],
    ['two', 'etcd-3', ['etcd-2']],
  ];
  it.each(few)('with %s of its machines a run waits for %s, and says so', async (_, awaited, coming) => {
    await arrive(...coming);
    const began = Date.now();
    const { code, output } = await lab.hardway('up');
    console.log(`${flavour}, awaiting ${awaited}: ${((Date.now() - began) / 1000).toFixed(0)} s`);
    const waits = expect.stringMatching(new RegExp(`awaiting ${awaited}$`, 'm')) as string;
    expect([code, output]).toEqual([3, waits]);
    // Nobody waits for what cannot come.
    const again = Date.now();
    const { code: still, output: said } = await lab.hardway('up');
    expect([still, said]).toEqual([3, waits]);
    expect((Date.now() - again) / 1000).toBeLessThan(45);
  });

  it('the last one makes it whole: one database, begun by the first', async () => {
    const begun = await databases('etcd-1', 'etcd-2');
    await arrive('etcd-3');
    const { code, output } = await lab.hardway('up');
    expect(code, output).toBe(0);
    expect(output).not.toContain('lost');
    expect(await databases(...etcds)).toEqual([...begun, begun[0]]);
  });

  it('the members are the machines with the role, and only those run etcd', async () => {
    expect(await members(lab, 'etcd-1')).toEqual(etcds.map((name) => `${name} votes`));
    for (const machine of ['master-1', 'master-2', 'minion-1'])
      expect((await on(machine, 'pgrep -x etcd; ls -d /var/lib/etcd 2>/dev/null; true')).stdout).toBe('');
    for (const machine of etcds)
      expect((await on(machine, 'pgrep -x "kubelet|containerd|kube-.*|flanneld"; true')).stdout).toBe('');
    const nodes = await lab.kubectl(['get', 'nodes', '-o', 'name']);
    expect(nodes.trim().split('\n')).toEqual(['node/master-1', 'node/master-2', 'node/minion-1']);
  });

  it('every member is well; who has no certificate of its authority is not heard', async () => {
    const ask = (credential: string) =>
      on('etcd-1', `etcdctl ${ENDPOINTS} --command-timeout=15s ${credential} endpoint health 2>&1; true`);
    const root = '--cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key';
    const well = await ask(`--cacert=/etc/etcd/pki/ca.crt ${root}`);
    expect(well.stdout.match(/is healthy/g), well.stdout).toHaveLength(3);
    const closed = await ask('--cacert=/etc/etcd/pki/ca.crt');
    expect(closed.stdout.match(/is unhealthy/g), closed.stdout).toHaveLength(3);
    // One of the cluster's own authority, where such a one is: on a minion.
    const foreign = await on(
      'minion-1',
      `curl -s -m 5 -k --cert /var/lib/kubelet/pki/kubelet-client-current.pem https://192.168.102.51:2379/version; echo "exit $?"`,
    );
    expect(foreign.stdout).toMatch(/^exit (35|55|56)$/m);
  });

  it('who is no member is not heard by members either', async () => {
    const asked = (credential: string) =>
      `curl --http1.1 -sk -m 5 ${credential} https://192.168.102.51:2380/version`;
    const own = await on('etcd-2', asked('--cert /etc/etcd/pki/peer.crt --key /etc/etcd/pki/peer.key'));
    expect(own.stdout).toContain('etcdserver');
    const foreign = `openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=etcd-2 -keyout /run/foreign.key -out /run/foreign.crt 2>/dev/null`;
    const clusters = '--cert /var/lib/kubelet/pki/kubelet-client-current.pem';
    const strangers = ['', '--cert /run/foreign.crt --key /run/foreign.key', clusters];
    for (const credential of strangers) {
      const { stdout } = await on('minion-1', `${foreign}; ${asked(credential)}; echo "exit $?"`);
      expect(stdout.trim(), credential).toMatch(/^exit (35|55|56)$/);
    }
  });

  it.each(etcds)(
    'without %s the API takes writes, and a machine that starts is given its pods’ network',
    async (gone) => {
      await powerOff(lab, gone);
      // Whoever led has to be replaced first.
      const written = () => lab.kubectl(['annotate', 'node', 'minion-1', `without=${gone}`, '--overwrite']);
      await until(() => written().then(() => true), 30);
      const restarted = await on(
        'minion-1',
        'rm -f /run/flannel/subnet.env; systemctl restart flanneld; for i in $(seq 60); do [ -s /run/flannel/subnet.env ] && exit 0; sleep 0.5; done; exit 1',
      );
      expect(restarted.code, restarted.stderr).toBe(0);
      const status = await lab.hardway('status');
      expect(status.code, status.output).toBe(1);
      expect(status.output).toContain(gone);
      const ofEtcd = await lab.hardway('etcd', 'status');
      expect([ofEtcd.code, ofEtcd.output]).toEqual([
        1,
        expect.stringMatching(new RegExp(`^${gone} .*not`, 'm')),
      ]);
      await powerOn(lab, gone);
      await until(async () => (await lab.hardway('etcd', 'status')).code === 0, 60);
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
    expect([...order].sort()).toEqual(etcds);
    expect(order.at(-1)).toBe(leader);
  });

  it('a lost quorum: one goes on with what it has, the others join it when they are back', async () => {
    await lab.kubectl(['create', 'configmap', 'kept', '--from-literal=from=the-beginning']);
    await goesOnAlone(lab, 'etcd-2', ['etcd-1', 'etcd-3']);
    expect(await lab.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.from}'])).toBe(
      'the-beginning',
    );
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('is well, and says so', async () => {
    const status = await lab.hardway('status');
    expect(status.code, status.output).toBe(0);
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
