import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { ETCDCTL, members } from '../live/support/etcd.ts';
import { describeAs } from '../live/support/example.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';

const lab = makeLab('hwt-everywhere', '192.168.106.0/24');
const machines = ['master', 'minion-1', 'minion-2'];

/** A member of the database on each machine, and the control plane in pods. */
describe('etcd everywhere', () => {
  standing(lab, () => describeAs(lab, 'etcd-everywhere', '192.168.106'));

  it('each machine has a vote; a second run has nothing to do', async () => {
    expect(await members(lab, 'minion-2')).toEqual(machines.map((name) => `${name} votes`));
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
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
});
