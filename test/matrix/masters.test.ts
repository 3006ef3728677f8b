import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces, type Polled, pollApi } from '../live/support/api-poll.ts';
import { told } from '../live/support/changes.ts';
import { command } from '../live/support/command.ts';
import { type Description, makeLab } from '../live/support/lab.ts';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const lab = makeLab('hwt-masters', '192.168.84.0/24');
const RANGE = '192.168.84';

/** Masters keep their addresses by name, whoever leaves. */
const masters = (...numbers: number[]): Description['nodes'] =>
  numbers.map((number) => ({
    ...{ name: `m${number}`, roles: ['etcd', 'master'], memory: 1536 },
    address: `${RANGE}.${10 + number}`,
  }));
const describeMasters = (...numbers: number[]): void =>
  lab.edit((description) => {
    description['controlPlane'] = { endpoint: `${RANGE}.10` };
    description.nodes = [
      ...masters(...numbers),
      { name: 'minion', count: 1, roles: ['minion'], memory: 1536 },
    ];
  });

const etcdctl =
  'etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key';
async function members(machine: string): Promise<string[]> {
  const { stdout } = await lab.on(machine, `${etcdctl} member list`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => `${line.split(', ')[2]} ${line.split(', ')[5] === 'true' ? 'learns' : 'votes'}`)
    .sort();
}
const lxc = (program: string, machine: string) =>
  command(program, ['-n', `${machine}.${lab.name}`, ...(program === 'lxc-stop' ? ['-k'] : [])], {
    cwd: lab.folder,
  });
const leader = async (): Promise<string> =>
  (
    await lab.kubectl([
      'get',
      'lease',
      'kube-controller-manager',
      '-n',
      'kube-system',
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ])
  ).split('_')[0] ?? '';

/** The figures for docs/masters.md. */
const say = (what: string, { good, bad }: Polled): void =>
  console.log(`${what}: ${good} calls answered, ${bad.length} not\n${bad.join('\n')}`);

/** Brings up what is described; machines that are not there yet are made. */
async function lives(): Promise<void> {
  const made = await lab.npm('run', 'lab');
  expect(made.code, made.output).toBe(0);
}

/** The same, while one that is no longer described stays until somebody says yes. */
async function awaitsConsent(leaving: string): Promise<void> {
  const made = await lab.npm('run', 'lab');
  expect([made.code, made.output]).toEqual([1, expect.stringContaining(`not removed: ${leaving}`)]);
}

async function settled(): Promise<void> {
  expect(await told(lab, 'up', '--yes')).toMatchObject({ code: 0, changes: [] });
  const plan = await lab.hardway('plan');
  expect(plan.code, plan.output).toBe(0);
}

/** Seconds until a call of the API by the operator's kubeconfig succeeds again. */
async function back(limit: number): Promise<number> {
  const began = Date.now();
  const seconds = () => (Date.now() - began) / 1000;
  while (seconds() < limit) {
    if ((await namespaces(join(lab.folder, '.hardway', 'kubeconfig'))) === null) return seconds();
    await sleep(200);
  }
  throw new Error(`no answer within ${limit} s`);
}

/** No special master: the database and the control plane grow, shrink and change places under a client that calls. */
describe('several masters', () => {
  beforeAll(async () => {
    expect((await lab.npm('ci')).code).toBe(0);
    describeMasters(1);
    await lives();
    await lab.kubectl(['create', 'configmap', 'kept', '--from-literal=from=the-beginning']);
  });
  afterAll(async () => {
    const gone = await lab.npm('run', 'lab', '--', '--destroy');
    expect(gone.code, gone.output).toBe(0);
  });

  it('1 → 3: the new ones join as learners, one after another; then nothing is left to do', async () => {
    describeMasters(1, 2, 3);
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('1 member (none may fail) → 3 members (1 may fail)');
    const polled = pollApi(lab);
    await lives();
    say('1 → 3', await polled.stop());
    expect(await members('m1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    await settled();
  });

  it('each in turn is powered off: the API answers, and somebody else leads, within 30 s', async () => {
    for (const off of ['m1', 'm2', 'm3']) {
      const led = await leader();
      await lxc('lxc-stop', off);
      const seconds = await back(30);
      console.log(`${off} off: the API answers after ${seconds.toFixed(1)} s`);
      const began = Date.now();
      while (led === off && (await leader()) === off) {
        expect(Date.now() - began).toBeLessThan(30_000);
        await sleep(1000);
      }
      await lab.kubectl(['annotate', 'configmap', 'kept', `without=${off}`, '--overwrite']);
      await lives();
    }
    expect(await members('m1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
  });

  it('the first master is removed and a fourth taken in, by one edit', async () => {
    describeMasters(2, 3, 4);
    const polled = pollApi(lab);
    await awaitsConsent('m1');
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    say('m1 → m4', await polled.stop());
    expect(await members('m2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    await settled();
  });

  it('a member whose data is lost comes back as another one', async () => {
    await lab.on('m3', 'systemctl stop etcd; rm -rf /var/lib/etcd/member');
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('± m3, whose data is lost');
    const healed = await lab.hardway('up');
    expect(healed.code, healed.output).toBe(0);
    expect(await members('m2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    await settled();
  });

  it('a lost quorum: one goes on with what it has, the others join again when they are back', async () => {
    await lxc('lxc-stop', 'm3');
    await lxc('lxc-stop', 'm4');
    const asked = await lab.hardway('recover');
    expect([asked.code, asked.output]).toEqual([1, expect.stringContaining('m2 would go on alone')]);
    const recovered = await lab.hardway('recover', '--yes');
    expect(recovered.code, recovered.output).toBe(3);
    expect(await members('m2')).toEqual(['m2 votes']);
    await lives();
    expect(await members('m2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    expect(await lab.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.from}'])).toBe(
      'the-beginning',
    );
    await settled();
  });

  it('3 → 5: two may fail', async () => {
    describeMasters(2, 3, 4, 5, 6);
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('3 members (1 may fail) → 5 members (2 may fail)');
    const polled = pollApi(lab);
    await lives();
    say('3 → 5', await polled.stop());
    expect(await members('m2')).toEqual(['m2', 'm3', 'm4', 'm5', 'm6'].map((name) => `${name} votes`));
    await lxc('lxc-stop', 'm5');
    await lxc('lxc-stop', 'm6');
    await lab.kubectl(['annotate', 'configmap', 'kept', 'without=two', '--overwrite']);
    await lives();
    await settled();
  });

  it('5 → 1: the last one has everything', async () => {
    describeMasters(4);
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('5 members (2 may fail) → 1 member (none may fail)');
    const polled = pollApi(lab);
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    say('5 → 1', await polled.stop());
    expect(await members('m4')).toEqual(['m4 votes']);
    expect(await lab.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.from}'])).toBe(
      'the-beginning',
    );
    await settled();
  });

  it('the only master makes room for another one', async () => {
    describeMasters(1);
    await awaitsConsent('m4');
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    expect(await members('m1')).toEqual(['m1 votes']);
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/m1\nnode/minion-1\n');
    await settled();
  });
});
