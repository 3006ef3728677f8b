import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';

const VIP = '192.168.95.10';
const machines = ['master-1', 'master-2', 'master-3', 'minion-1'];
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
    for (const machine of machines.slice(0, 3)) {
      const { stdout } = await lab.on(machine, `ip -4 -o address show to ${VIP}/32`);
      if (stdout !== '') return machine;
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
});
