import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { kubeVipPod } from '../../provisioners/kube-vip.ts';
import { described } from '../property/rig.ts';
import { standing } from '../live/support/bring-up.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';

const VIP = '192.168.95.10';
const masters = ['master-1', 'master-2', 'master-3'];
const machines = [...masters, 'minion-1'];
const addressOf = (master: string): string => `192.168.95.1${master.slice(-1)}`;
/** Seconds within which the API must answer again. */
const LIMIT = 30;

/** Three masters: no kubeconfig names one of them, and whichever goes, the API answers. */
describe('one endpoint', () => {
  const lab = makeLab('hwt-ha', '192.168.95.0/24');
  const answers = {
    address: async () => (await lab.kubectl(['get', '--raw', '/readyz', '--request-timeout=2s'])) === 'ok',
    balancer: async () => {
      const asked = `curl -s -m 3 --cacert /etc/kubernetes/pki/ca.crt https://api.${lab.name}.internal:6443/readyz`;
      return (await lab.on('minion-1', asked)).stdout === 'ok';
    },
  };
  /** Seconds until it answers, the shared address and the balancer; how much too late is told, too. */
  const both = () => Promise.all([until(answers.address, 4 * LIMIT), until(answers.balancer, 4 * LIMIT)]);
  const holder = async (): Promise<string> => {
    for (const machine of masters) {
      const seen = await lab.on(machine, `ip -4 -o address show to ${VIP}/32`).catch(() => null);
      // One that is off has nothing.
      if ((seen?.stdout ?? '') !== '') return machine;
    }
    throw new Error(`nobody has ${VIP}`);
  };

  standing(lab, () =>
    lab.edit((description) => {
      description['controlPlane'] = { endpoint: VIP };
      description.nodes = [
        { name: 'master', count: 3, roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1024 },
      ];
    }),
  );

  it('no kubeconfig of a minion or of the operator names a master', async () => {
    const conf = await lab.kubectl(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
    expect(conf).toBe(`https://${VIP}:6443`);
    const found = await lab.on('minion-1', `grep -rhE '^ *server:' /etc/kubernetes /var/lib/kube-proxy`);
    const servers = new Set(
      found.stdout
        .trim()
        .split('\n')
        .map((line) => line.trim()),
    );
    expect([...servers]).toEqual([`server: https://api.${lab.name}.internal:6443`]);
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
    const [address, balancer] = await both();
    console.log(
      `API server of ${hung} hung: the address after ${address} s, the balancer after ${balancer} s`,
    );
    expect(Math.max(address, balancer)).toBeLessThan(LIMIT);
    await lab.on(hung, `kill -CONT $(${all})`);
    await wellAgain(lab, 4 * LIMIT);
  });

  it('the machine that has the address loses its power: both ways answer again in time', async () => {
    const gone = await holder();
    await powerOff(lab, gone);
    const [address, balancer] = await both();
    console.log(`without ${gone}: the address after ${address} s, the balancer after ${balancer} s`);
    expect(Math.max(address, balancer)).toBeLessThan(LIMIT);
    expect(await holder()).not.toBe(gone);
    await powerOn(lab, gone);
    await wellAgain(lab, 4 * LIMIT);
  });

  it('everything loses its power: both ways answer again, with no run in between', async () => {
    await powerOff(lab, ...machines);
    await powerOn(lab, ...machines);
    const [address, balancer] = await both();
    console.log(`all from cold: the address after ${address} s, the balancer after ${balancer} s`);
    expect(Math.max(address, balancer)).toBeLessThan(LIMIT);
    await wellAgain(lab, 4 * LIMIT);
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
    const other = createServer((client) => leadOn(client, [...masters]));
    await new Promise<void>((listening) => other.listen(6443, '192.168.95.1', listening));
    onTestFinished(() => void other.close());
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
    const [address, balancer] = await both();
    console.log(`external, without master-1: ${address} s outside, ${balancer} s on a minion`);
    expect(Math.max(address, balancer)).toBeLessThan(LIMIT);
    await powerOn(lab, 'master-1');
    await wellAgain(lab, 4 * LIMIT);
  });
});

/** The smallest balancer there is: the first of these that takes the call. */
function leadOn(client: Socket, [first, ...others]: readonly string[]): void {
  if (first === undefined) return void client.destroy();
  const server = connect({ host: addressOf(first), port: 6443, timeout: 2000 });
  let taken = false;
  server.once('connect', () => {
    taken = true;
    server.setTimeout(0);
    client.pipe(server).pipe(client);
  });
  server.once('timeout', () => server.destroy(new Error('no answer')));
  server.on('error', () => (taken ? client.destroy() : leadOn(client, others)));
  client.on('error', () => server.destroy());
  client.once('close', () => server.destroy());
}
