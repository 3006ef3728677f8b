import { describe, expect, it } from 'vitest';
import { strangers } from '../report/published.ts';
import { standing } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { daemons, type Description, makeLab } from './support/lab.ts';

const machines = ['master', 'minion-1'];
const OWN = 'node-role.kubernetes.io/control-plane:NoSchedule';

interface Node {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly taints?: readonly { key: string; value?: string; effect: string }[] };
}
type Entry = Description['nodes'][number] & { labels?: object; taints?: object[] };

/** What nodes are like, by cluster.json and by hand, and what somebody meets who logs in. */
describe('the shape of nodes', () => {
  const lab = makeLab('hwt-shape', '192.168.93.0/24');
  const edit = (name: string, change: Partial<Entry>) =>
    lab.edit(({ nodes }) => Object.assign(nodes.find((node) => node.name === name) ?? {}, change));
  const node = async (name: string) =>
    JSON.parse(await lab.kubectl(['get', 'node', name, '-o', 'json'])) as Node;
  const taints = async (name: string): Promise<string[]> =>
    ((await node(name)).spec.taints ?? [])
      .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`)
      .sort();
  const labels = async (...keys: string[]): Promise<(string | undefined)[]> => {
    const { labels: all } = (await node('minion-1')).metadata;
    return keys.map((key) => all[key]);
  };
  const all = () => Promise.all(machines.map((machine) => daemons(lab, machine)));
  /** A run that does exactly this, as announced, and restarts nothing. */
  const changes = async (...expected: string[]) => {
    const before = await all();
    const plan = await told(lab, 'plan');
    expect(plan.changes, plan.output).toEqual(expected);
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([0, expected]);
    expect(strangers(up.output)).toEqual([]);
    expect(await all()).toEqual(before);
  };
  const TAINTS = 'file:/etc/kubernetes/kubelet.d/taints.conf';

  standing(lab, () =>
    edit('minion', {
      count: 1,
      labels: { disk: 'ssd', 'example.org/rack': 'b3' },
      taints: [{ key: 'gpu', value: 'yes', effect: 'PreferNoSchedule' }],
    }),
  );

  it('labels and taints of an entry are on its machines once they have joined', async () => {
    expect(await labels('disk', 'example.org/rack', 'node-role.kubernetes.io/minion')).toEqual([
      ...['ssd', 'b3', ''],
    ]);
    expect([await taints('minion-1'), await taints('master')]).toEqual([['gpu=yes:PreferNoSchedule'], [OWN]]);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('one label more is one object of the API, and nothing restarts', async () => {
    edit('minion', { labels: { disk: 'ssd', 'example.org/rack': 'b3', zone: 'a' } });
    await changes('master node:minion-1');
    expect(await labels('disk', 'zone')).toEqual(['ssd', 'a']);
  });

  it('what cluster.json no longer says goes, what others gave stays', async () => {
    await lab.kubectl(['label', 'node', 'minion-1', 'mine=yes']);
    await lab.kubectl(['taint', 'node', 'minion-1', 'foreign=x:NoSchedule']);
    expect((await lab.hardway('plan')).code).toBe(0);
    edit('minion', { labels: { disk: 'hdd' }, taints: [{ key: 'tpu', effect: 'NoSchedule' }] });
    await changes('master node:minion-1', `minion-1 ${TAINTS}`);
    expect(await labels('disk', 'zone', 'example.org/rack', 'mine')).toEqual([
      ...['hdd', undefined, undefined, 'yes'],
    ]);
    expect(await taints('minion-1')).toEqual(['foreign=x:NoSchedule', 'tpu:NoSchedule']);
    edit('minion', { labels: {}, taints: [] });
    await changes('master node:minion-1', `minion-1 ${TAINTS}`);
    expect(await labels('disk', 'mine')).toEqual([undefined, 'yes']);
    expect(await taints('minion-1')).toEqual(['foreign=x:NoSchedule']);
  });

  it('what somebody took away or changed by hand comes back', async () => {
    edit('minion', { labels: { disk: 'ssd' }, taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] });
    await changes('master node:minion-1', `minion-1 ${TAINTS}`);
    await lab.kubectl(['label', 'node', 'minion-1', '--overwrite', 'disk=floppy']);
    await lab.kubectl(['taint', 'node', 'minion-1', 'gpu-']);
    await changes('master node:minion-1');
    expect(await labels('disk')).toEqual(['ssd']);
    expect(await taints('minion-1')).toEqual(['foreign=x:NoSchedule', 'gpu=yes:NoSchedule']);
  });

  it('masters become schedulable and closed again by exactly one taint', async () => {
    lab.edit((description) => void (description['controlPlane'] = { schedulable: true }));
    await changes(`master ${TAINTS}`, 'master node:master');
    expect(await taints('master')).toEqual([]);
    lab.edit((description) => void (description['controlPlane'] = {}));
    await changes(`master ${TAINTS}`, 'master node:master');
    expect(await taints('master')).toEqual([OWN]);
  });

  it('a node that registers anew has its taints from the first moment, without any run', async () => {
    await lab.kubectl(['delete', 'node', 'minion-1']);
    await lab.on('minion-1', 'systemctl restart kubelet');
    await expect
      .poll(() => taints('minion-1').catch(() => []), { timeout: 30_000 })
      .toContain('gpu=yes:NoSchedule');
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
  });

  it('root’s kubectl knows the cluster everywhere: on masters all of it, on minions as the node', async () => {
    await lab.kubectl(['create', 'secret', 'generic', 'mine', '--from-literal=a=b']);
    for (const machine of machines) {
      const seen = await lab.on(machine, 'sudo -i kubectl get nodes -o name');
      expect([machine, seen.stdout]).toEqual([machine, 'node/master\nnode/minion-1\n']);
    }
    const read = 'sudo -i kubectl get secret mine -o name';
    expect((await lab.on('master', read)).stdout).toBe('secret/mine\n');
    const refused = await lab.on('minion-1', read);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('Forbidden')]);
    const user = await lab.on('minion-1', 'su - vagrant -c "kubectl get nodes"');
    expect([user.code, user.stdout]).toEqual([1, '']);
  });

  it('who logs in reads what the machine is, from the programs themselves', async () => {
    const login = `su - vagrant -c 'script -qec "bash -l" /dev/null' <<< exit`;
    for (const machine of machines) {
      const { stdout } = await lab.on(machine, `bash -c ${JSON.stringify(login)}`);
      const programs = await lab.on(
        machine,
        '. /etc/os-release; echo "$PRETTY_NAME"; containerd --version | cut -d " " -f 3; kubelet --version',
      );
      const [system = '', runtime = '', kubernetes = ''] = programs.stdout.split('\n');
      expect(stdout).toContain('cluster     hwt-shape\r\n');
      expect(stdout).toMatch(
        new RegExp(`^machine     ${machine} \\(${machine === 'master' ? 'etcd, master' : 'minion'}\\)`, 'm'),
      );
      expect(stdout).toContain(`system      ${system}\r\n`);
      expect(stdout).toContain(`runtime     containerd ${runtime}\r\n`);
      expect(stdout).toContain(`kubernetes  ${kubernetes.replace('Kubernetes ', '')}\r\n`);
      expect(kubernetes).toMatch(/v1\.36\./);
    }
    const script = await lab.on('minion-1', `su - vagrant -c 'bash -lc "echo only this"'`);
    expect(script.stdout).toBe('only this\n');
  });

  it('down takes the greeting away with everything else', async () => {
    const down = await lab.hardway('down', '--yes');
    expect(down.code, down.output).toBe(0);
    for (const machine of machines) {
      const { stdout } = await lab.on(machine, 'ls /etc/profile.d/hardway.sh /usr/local/bin/kubectl 2>&1');
      expect(stdout.match(/No such file/g)).toHaveLength(2);
    }
  });
});
