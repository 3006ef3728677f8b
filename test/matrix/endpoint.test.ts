import { describe, expect, it, onTestFinished } from 'vitest';
import { kubeVipPod } from '../../provisioners/kube-vip.ts';
import { described } from '../property/rig.ts';
import { leader } from '../live/support/etcd.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';
import { balancer } from './support/balancer.ts';
import { LIMIT, masters, oneEndpoint } from './support/one-endpoint.ts';

const machines = [...masters, 'minion-1'];

/** Three masters: no kubeconfig names one of them, and whichever goes, the API answers. */
describe('one endpoint', () => {
  const { lab, address: VIP, addressOf, holder, servers, answers } = oneEndpoint('hwt-ha', '192.168.95');

  it('no kubeconfig of a minion or of the operator names a master', async () => {
    const conf = await lab.kubectl(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
    expect(conf).toBe(`https://${VIP}:6443`);
    expect(await servers()).toEqual([`server:https://api.${lab.name}.internal:6443`]);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('the kubelet of a master asks the API server beside it', async () => {
    for (const master of masters) {
      const { stdout } = await lab.on(
        master,
        `ss -tnpH state established dport = :6443 | grep kubelet | awk '{ print $4 }' | sort -u`,
      );
      expect(stdout.trim(), master).toBe(`${addressOf(master)}:6443`);
    }
  });

  it('the API server that has the address hangs: both ways answer again in time', async () => {
    const hung = await holder();
    const all = "pgrep -f '^/usr/local/bin/kube-apiserver '";
    expect((await lab.on(hung, `kill -STOP $(${all})`)).ok).toBe(true);
    onTestFinished(() => lab.on(hung, `kill -CONT $(${all})`).then(() => undefined));
    await answers(`API server of ${hung} hung`);
    await lab.on(hung, `kill -CONT $(${all})`);
    await wellAgain(lab, 4 * LIMIT);
  });

  it('the machine that has the address loses its power: both ways answer again in time', async () => {
    const gone = await holder();
    await powerOff(lab, gone);
    await answers(`without ${gone}`);
    expect(await holder()).not.toBe(gone);
    await powerOn(lab, gone);
    await wellAgain(lab, 4 * LIMIT);
  });

  it('masters that have too much to do do not fight over the address', async () => {
    const before = await holder();
    const taken = async (): Promise<string[]> =>
      Promise.all(
        masters.map(async (master) => {
          const asked = "journalctl --unit=hardway-address --no-pager | grep -c 'Entering MASTER STATE'";
          return (await lab.on(master, asked)).stdout.trim();
        }),
      );
    const counted = await taken();
    expect(counted.some((times) => times !== '0')).toBe(true);
    const busy = `for each in 1 2 3 4 5 6 7 8; do timeout 25 sh -c 'while :; do :; done' & done; wait`;
    await Promise.all(masters.map((master) => lab.on(master, busy)));
    expect(await taken()).toEqual(counted);
    expect(await holder()).toBe(before);
  });

  it('everything loses its power: both ways answer again, with no run in between', async () => {
    await powerOff(lab, ...machines);
    await powerOn(lab, ...machines);
    await answers('all from cold');
    await wellAgain(lab, 4 * LIMIT);
  });

  it('members that started together did not wait for each other; one that starts later compares its data', async () => {
    const gates = `tr '\\0' '\\n' </proc/$(pidof etcd)/cmdline | sed -n 's/^--feature-gates=//p'`;
    const seen = await Promise.all(
      masters.map(async (master) => (await lab.on(master, gates)).stdout.trim()),
    );
    expect(seen.filter((one) => one === 'CompactHashCheck=true').length).toBeGreaterThanOrEqual(2);
    const { stdout } = await lab.on(
      'master-2',
      `since=$(date '+%F %T'); systemctl restart etcd; ${gates}
journalctl -u etcd --since "$since" -o cat | grep -c 'corruption checking passed'`,
    );
    expect(stdout).toBe('InitialCorruptCheck=true,CompactHashCheck=true\n1\n');
  });

  // Its image is not to be had here: what can be proven is that the API server takes every field of its pod.
  it('the pod of kube-vip is accepted', async () => {
    const controlPlane = { endpoint: VIP, loadBalancer: 'kube-vip' };
    const nodes = masters.map((name) => ({ name, roles: ['etcd', 'master'], address: addressOf(name) }));
    const cluster = described({ controlPlane, nodes, network: { machineCidr: '192.168.95.0/24' } });
    const accepted = await lab.kubectl(
      ['apply', '--dry-run=server', '--validate=strict', '-o', 'name', '-f', '-'],
      JSON.stringify(kubeVipPod(cluster, 'eth1', 'sum')),
    );
    expect(accepted.trim()).toMatch(/^pod\/kube-vip/);
  });

  it('somebody else’s balancer takes the place of ours, for machines too', async () => {
    onTestFinished(await balancer('192.168.95.1', masters.map(addressOf)));
    lab.edit((description) => {
      description['controlPlane'] = { endpoint: '192.168.95.1', loadBalancer: 'external' };
    });
    const changed = await lab.hardway('up');
    expect(changed.code, changed.output).toBe(0);
    const conf = await lab.kubectl(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
    expect(conf).toBe('https://192.168.95.1:6443');
    const { stdout } = await lab.on(
      'minion-1',
      `getent hosts api.${lab.name}.internal | cut -d' ' -f1; systemctl is-active hardway-balancer; ls /etc/systemd/system | grep -c hardway-balancer`,
    );
    expect(stdout).toBe('192.168.95.1\ninactive\n0\n');
    for (const master of masters)
      expect((await lab.on(master, `ip -4 -o address show to ${VIP}/32`)).stdout).toBe('');
    await powerOff(lab, 'master-1');
    await answers('external, without master-1');
    await powerOn(lab, 'master-1');
    await wellAgain(lab, 4 * LIMIT);
  });
});

const inPods: [string, string, string, object][] = [
  ['kubeadm', 'hwt-ha-kadm', '192.168.117', { kubernetes: { flavour: 'kubeadm' } }],
  ['static pods', 'hwt-ha-static', '192.168.118', { controlPlane: { style: 'static-pods' } }],
];
describe.each(inPods)('one endpoint, by %s', (_, name, prefix, settings) => {
  const { lab, servers, answers } = oneEndpoint(name, prefix, settings);

  it('no kubeconfig of a minion names a master', async () => {
    expect(await servers()).toEqual([`server:https://api.${name}.internal:6443`]);
  });

  it.each(masters)('without %s: both ways answer, and somebody else leads, in time', async (gone) => {
    await powerOff(lab, gone);
    const replaced = until(async () => (await leader(lab)) !== gone, LIMIT);
    const [led] = await Promise.all([replaced, answers(`without ${gone}`)]);
    console.log(`another one leads after ${led.toFixed(1)} s`);
    await powerOn(lab, gone);
    await wellAgain(lab, 4 * LIMIT);
  });

  it('everything loses its power: both ways answer again, with no run in between', async () => {
    await powerOff(lab, ...machines);
    await powerOn(lab, ...machines);
    await answers('all from cold');
    await wellAgain(lab, 4 * LIMIT);
  });
});
