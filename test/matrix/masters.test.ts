import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pollApi } from '../live/support/api-poll.ts';
import { bringUp, standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { members } from '../live/support/etcd.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff } from '../live/support/power.ts';
import { goesOnAlone } from './support/lost-quorum.ts';
import { severalMasters, unnoticed } from './support/several-masters.ts';

const lab = makeLab('hwt-masters', '192.168.84.0/24');
const {
  describe: describeMasters,
  awaitsConsent,
  settled,
  goesOnWithout,
  identity,
} = severalMasters(lab, '192.168.84');

/** No special master: the database and the control plane grow, shrink and change places under a client that calls. */
describe('several masters', () => {
  standing(lab, () => describeMasters(1));
  beforeAll(() => lab.kubectl(['create', 'configmap', 'kept', '--from-literal=from=the-beginning']));

  it('1 → 3: the new ones join as learners, one after another; then nothing is left to do', async () => {
    describeMasters(1, 2, 3);
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('1 member (none may fail) → 3 members (1 may fail)');
    const before = await identity('minion-1');
    const polled = pollApi(lab);
    await bringUp(lab);
    unnoticed('1 → 3', await polled.stop());
    expect(await identity('minion-1')).toBe(before);
    expect(await members(lab, 'm1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    await settled();
  });

  it('a service account’s token is accepted by every master, whichever made it', async () => {
    const apis = ['m1', 'm2', 'm3'].map((_, index) => `https://192.168.84.${11 + index}:6443`);
    for (const maker of apis) {
      const token = await lab.kubectl(['--server', maker, 'create', 'token', 'default']);
      const bearer = join(lab.folder, 'bearer');
      writeFileSync(
        bearer,
        readFileSync(join(lab.folder, '.hardway', 'kubeconfig'), 'utf8')
          .replace(/client-certificate-data: .*/, `token: ${token.trim()}`)
          .replace(/client-key-data: .*/, ''),
      );
      for (const api of apis) {
        const ask = ['--kubeconfig', bearer, '--server', api, 'auth', 'whoami'];
        const who = await lab.kubectl([...ask, '-o', 'jsonpath={.status.userInfo.username}']);
        expect(who, `${maker} → ${api}`).toBe('system:serviceaccount:default:default');
      }
    }
  });

  it('each in turn is powered off: the API answers, and somebody else leads, within 30 s', async () => {
    for (const off of ['m1', 'm2', 'm3']) {
      await goesOnWithout(off);
      await lab.kubectl(['annotate', 'configmap', 'kept', `without=${off}`, '--overwrite']);
      await bringUp(lab);
    }
    expect(await members(lab, 'm1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
  });

  it('an order that would lose the database is refused before anything happens', async () => {
    await powerOff(lab, 'm3');
    const refused = await lab.hardway('node', 'remove', 'm2', '--yes');
    expect(refused.code, refused.output).toBe(3);
    expect(refused.output).toContain('the members that stay, before others leave: m3 is not there yet');
    expect(await members(lab, 'm1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    await bringUp(lab);
    await settled();
  });

  it('the first master is removed and a fourth taken in, by one edit', async () => {
    describeMasters(2, 3, 4);
    const polled = pollApi(lab);
    await awaitsConsent('m1');
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    unnoticed('m1 → m4', await polled.stop());
    expect(await members(lab, 'm2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    await settled();
  });

  it.each(['static-pods', 'systemd'])('the style becomes %s, one master at a time', async (style) => {
    lab.edit((description) => {
      description['controlPlane'] = { ...(description['controlPlane'] as object), style };
    });
    const polled = pollApi(lab);
    const changed = await told(lab, 'up');
    expect(changed.code, changed.output).toBe(0);
    unnoticed(style, await polled.stop());
    const own = ['m2', 'm3', 'm4'].map((machine) =>
      lab.on(machine, 'ls /etc/kubernetes/manifests /etc/systemd/system | grep -c ^kube-apiserver.yaml$'),
    );
    const pods = (await Promise.all(own)).map(({ stdout }) => stdout.trim());
    expect(pods).toEqual(Array(3).fill(style === 'systemd' ? '0' : '1'));
    await settled();
  });

  it('a member whose data is lost comes back as another one', async () => {
    await lab.on('m3', 'systemctl stop etcd; rm -rf /var/lib/etcd/member');
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('± m3, whose data is lost');
    const healed = await lab.hardway('up');
    expect(healed.code, healed.output).toBe(0);
    expect(await members(lab, 'm2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    await settled();
  });

  it('a lost quorum: one goes on with what it has, the others join again when they are back', async () => {
    await goesOnAlone(lab, 'm2', ['m3', 'm4']);
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
    await bringUp(lab);
    unnoticed('3 → 5', await polled.stop());
    expect(await members(lab, 'm2')).toEqual(['m2', 'm3', 'm4', 'm5', 'm6'].map((name) => `${name} votes`));
    await powerOff(lab, 'm5', 'm6');
    await lab.kubectl(['annotate', 'configmap', 'kept', 'without=two', '--overwrite']);
    await bringUp(lab);
    await settled();
  });

  it('5 → 1: the last one has everything', async () => {
    describeMasters(4);
    const plan = await lab.hardway('plan');
    expect(plan.output).toContain('5 members (2 may fail) → 1 member (none may fail)');
    const polled = pollApi(lab);
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    unnoticed('5 → 1', await polled.stop());
    expect(await members(lab, 'm4')).toEqual(['m4 votes']);
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
    expect(await members(lab, 'm1')).toEqual(['m1 votes']);
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/m1\nnode/minion-1\n');
    await settled();
  });
});
