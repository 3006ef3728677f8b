import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { ETCDCTL, members } from '../live/support/etcd.ts';
import { describeAs } from '../live/support/example.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';
import { goesOnAlone } from './support/lost-quorum.ts';

const lab = makeLab('hwt-everywhere', '192.168.106.0/24');
const machines = ['master', 'minion-1', 'minion-2'];

/** A member of the database on each machine, and the control plane in pods. */
describe('etcd everywhere', () => {
  standing(lab, () => {
    describeAs(lab, 'etcd-everywhere', '192.168.106');
    lab.edit(({ network }) => Object.assign(network, { flannel: { store: 'etcd', vni: 42 } }));
  });

  it('each machine has a vote; a second run has nothing to do', async () => {
    expect(await members(lab, 'minion-2')).toEqual(machines.map((name) => `${name} votes`));
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });

  it('pods go through the tunnel of this number, which each flannel reads from the database', async () => {
    for (const [index, machine] of machines.entries()) {
      const { stdout } = await lab.on(
        machine,
        "ip -d -o link show type vxlan; tr '\\0' '\\n' </proc/$(pgrep -x flanneld)/cmdline",
      );
      const address = `192.168.106.${index === 0 ? 11 : 100 + index}`;
      expect(stdout).toMatch(/^\d+: flannel\.42: .* vxlan id 42 .*$/m);
      expect(stdout).not.toContain('flannel.1:');
      for (const flag of ['--etcd-prefix=/coreos.com/network', `--iface=${address}`, '--ip-masq'])
        expect(stdout.split('\n'), machine).toContain(flag);
    }
    const { stdout } = await lab.on('master', `${ETCDCTL} get --print-value-only /coreos.com/network/config`);
    expect(JSON.parse(stdout)).toMatchObject({ Backend: { Type: 'vxlan', VNI: 42 } });
  });

  it.each(['minion-1', 'minion-2'])('without %s the API takes writes', async (gone) => {
    await powerOff(lab, gone);
    const written = () => lab.kubectl(['annotate', 'node', 'master', `without=${gone}`, '--overwrite']);
    await until(() => written().then(() => true), 30);
    await powerOn(lab, gone);
    await wellAgain(lab, 120);
  });

  it('without the master the database takes writes; the master finds it as it is then', async () => {
    await powerOff(lab, 'master');
    const put = `${ETCDCTL} --command-timeout=3s put /hardway-test/without-master yes`;
    await until(async () => (await lab.on('minion-1', put)).stdout.trim() === 'OK', 30);
    await powerOn(lab, 'master');
    await wellAgain(lab, 120);
    const got = await lab.on('master', `${ETCDCTL} get --print-value-only /hardway-test/without-master`);
    expect(got.stdout.trim()).toBe('yes');
    await lab.on('master', `${ETCDCTL} del /hardway-test/without-master`);
  });

  it('a lost quorum: a minion goes on with what it has, the others join it when they are back', async () => {
    await lab.kubectl(['create', 'configmap', 'kept', '--from-literal=from=the-beginning']);
    await goesOnAlone(lab, 'minion-2', ['master', 'minion-1']);
    expect(await lab.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.from}'])).toBe(
      'the-beginning',
    );
    await wellAgain(lab, 120);
    expect((await told(lab, 'up')).changes).toEqual([]);
  });
});
