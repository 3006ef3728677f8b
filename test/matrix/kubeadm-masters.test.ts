import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateKey } from '../../provisioners/kubeadm/configuration.ts';
import { preparePki } from '../../provisioners/pki.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { openState } from '../../src/state/directory.ts';
import { prepareToken } from '../../src/state/token.ts';
import { pollApi } from '../live/support/api-poll.ts';
import { bringUp, standing } from '../live/support/bring-up.ts';
import { members } from '../live/support/etcd.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff } from '../live/support/power.ts';
import { severalMasters, unnoticed } from './support/several-masters.ts';

const lab = makeLab('hwt-kadm-masters', '192.168.105.0/24');
const {
  describe: describeMasters,
  awaitsConsent,
  settled,
  goesOnWithout,
  identity,
} = severalMasters(lab, '192.168.105');

/** Several masters by kubeadm, with etcd beside each: they come, fail and go like those of the other flavour. */
describe('several masters by kubeadm', () => {
  let printed = '';
  standing(lab, () => {
    describeMasters(1);
    lab.edit((description) => {
      description['kubernetes'] = { flavour: 'kubeadm' };
    });
  });

  it('1 → 3: they fetch the uploaded certificates; then nothing is left to do', async () => {
    describeMasters(1, 2, 3);
    const before = await identity('minion-1');
    const polled = pollApi(lab);
    printed = (await bringUp(lab)).output;
    unnoticed('kubeadm, 1 → 3', await polled.stop());
    expect(await identity('minion-1')).toBe(before);
    expect(await members(lab, 'm1')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    await settled();
    const asked = await lab.on('minion-1', "sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf");
    expect(asked.stdout.trim()).toBe(`https://api.${lab.name}.internal:6443`);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
  });

  it('the key of the uploaded certificates is nowhere, nor are they', async () => {
    const state = openState(join(lab.folder, '.hardway'));
    const cluster = loadCluster(join(lab.folder, 'cluster.json'));
    const pki = await preparePki(cluster, join(lab.folder, '.hardway', 'pki'), false);
    const { value: token } = await prepareToken(state, Infinity);
    const key = certificateKey({ pki, token });
    expect(printed).not.toContain(key);
    for (const machine of ['m1', 'm2', 'm3', 'minion-1']) {
      const found = await lab.on(
        machine,
        `journalctl --no-pager -q | grep -c ${key}; grep -rlF ${key} /var/log /var/lib/hardway /etc /run/hardway 2>/dev/null; true`,
      );
      expect(found.stdout.trim(), machine).toBe('0');
    }
    const search = ['-rlFf', '-', join(lab.folder, '.hardway')];
    const here = spawnSync('grep', search, { encoding: 'utf8', input: key });
    expect([here.status, here.stdout]).toEqual([1, '']);
    const secrets = await lab.kubectl(['get', 'secrets', '--namespace', 'kube-system', '-o', 'name']);
    expect(secrets).not.toMatch(/kubeadm-certs/);
  });

  it('each in turn is powered off: the API answers, and somebody else leads, within 30 s', async () => {
    for (const off of ['m1', 'm2', 'm3']) {
      await goesOnWithout(off);
      await bringUp(lab);
    }
  });

  it('the database of all three is looked at, kept and tidied up', async () => {
    const status = await lab.hardway('etcd', 'status');
    expect(status.code, status.output).toBe(0);
    for (const machine of ['m1', 'm2', 'm3']) expect(status.output).toMatch(new RegExp(`^${machine} `, 'm'));
    const [, led] = /^(\S+) .* leader /m.exec(status.output) ?? [];
    const tidied = await lab.hardway('etcd', 'defrag');
    expect(tidied.code, tidied.output).toBe(0);
    const order = tidied.output.trim().split('\n');
    expect(order.map((line) => line.split(':')[0]).sort()).toEqual(['m1', 'm2', 'm3']);
    expect(order.at(-1)).toMatch(new RegExp(`^${led}:`));
    const kept = await lab.hardway('etcd', 'snapshot');
    expect(kept.code, kept.output).toBe(0);
  });

  it.each(['m3', 'm1'])('%s has lost its data and comes back as another member', async (lost) => {
    await lab.on(
      lost,
      "systemctl stop kubelet; pkill -KILL -f '^etcd '; sleep 1; rm -rf /var/lib/etcd/member; systemctl start kubelet",
    );
    const healed = await lab.hardway('up');
    expect(healed.code, healed.output).toBe(0);
    expect(healed.output).toContain(`± ${lost}, whose data is lost`);
    expect(await members(lab, 'm2')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    await settled();
  });

  it('a lost quorum: one goes on with what it has, the others join again when they are back', async () => {
    await lab.kubectl(['create', 'configmap', 'kept', '--from-literal=from=the-beginning']);
    await powerOff(lab, 'm1', 'm3');
    const asked = await lab.hardway('recover');
    expect([asked.code, asked.output]).toEqual([1, expect.stringContaining('m2 would go on alone')]);
    const recovered = await lab.hardway('recover', '--yes');
    expect(recovered.code, recovered.output).toBe(3);
    expect(await members(lab, 'm2')).toEqual(['m2 votes']);
    const flags = await lab.on('m2', 'cat /etc/kubernetes/manifests/etcd.yaml; pgrep -af "^etcd "');
    expect(flags.stdout).not.toContain('force-new-cluster');
    await bringUp(lab);
    expect(await members(lab, 'm2')).toEqual(['m1 votes', 'm2 votes', 'm3 votes']);
    expect(await lab.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.from}'])).toBe(
      'the-beginning',
    );
    await settled();
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
  });

  it('the first master is removed and a fourth taken in, by one edit', async () => {
    describeMasters(2, 3, 4);
    await awaitsConsent('m1');
    const polled = pollApi(lab);
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    unnoticed('kubeadm, m1 leaves', await polled.stop());
    expect(await members(lab, 'm2')).toEqual(['m2 votes', 'm3 votes', 'm4 votes']);
    await settled();
  });

  it('3 → 1: the last one has everything', async () => {
    describeMasters(4);
    const left = await lab.hardway('up', '--yes');
    expect(left.code, left.output).toBe(0);
    expect(await members(lab, 'm4')).toEqual(['m4 votes']);
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/m4\nnode/minion-1\n');
    await settled();
  });

  it('the last one cannot make room for another in one run, and that is said before anything happens', async () => {
    describeMasters(1);
    const refused = await lab.hardway('plan');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('nobody but m4 serves, and is to leave');
    describeMasters(4);
  });
});
