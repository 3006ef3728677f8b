import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';

const VIP = '192.168.95.10';
const machines = ['master-1', 'master-2', 'master-3', 'minion-1'];
/** Seconds within which the API must answer again. */
const LIMIT = 30;

/** Three masters: no kubeconfig names one of them, and whichever goes, the API answers. */
describe('one endpoint', () => {
  const lab = makeLab('hwt-ha', '192.168.95.0/24');
  const lxc = async (program: string, machine: string, ...args: string[]): Promise<void> => {
    const told = await command(program, [...args, '-n', `${machine}.${lab.name}`], { cwd: lab.folder });
    expect(told.code, told.output).toBe(0);
  };
  const answers = {
    address: async () => (await lab.kubectl(['get', '--raw', '/readyz', '--request-timeout=2s'])) === 'ok',
    balancer: async () => {
      const asked = `curl -s -m 3 --cacert /etc/kubernetes/pki/ca.crt https://api.${lab.name}.internal:6443/readyz`;
      return (await lab.on('minion-1', asked)).stdout === 'ok';
    },
  };
  /** Seconds until it answers. */
  async function until(answer: () => Promise<boolean>): Promise<number> {
    const began = Date.now();
    while (!(await answer().catch(() => false))) {
      expect(Date.now() - began).toBeLessThan(LIMIT * 4000);
      await sleep(200);
    }
    return (Date.now() - began) / 1000;
  }
  const holder = async (): Promise<string> => {
    for (const machine of machines.slice(0, 3)) {
      const { stdout } = await lab.on(machine, `ip -4 -o address show to ${VIP}/32`);
      if (stdout !== '') return machine;
    }
    throw new Error(`nobody has ${VIP}`);
  };

  beforeAll(async () => {
    expect((await lab.npm('ci')).code).toBe(0);
    lab.edit((description) => {
      description['controlPlane'] = { endpoint: VIP };
      description.nodes = [
        { name: 'master', count: 3, roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1024 },
      ];
    });
    const made = await lab.npm('run', 'lab');
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    const gone = await lab.npm('run', 'lab', '--', '--destroy');
    expect(gone.code, gone.output).toBe(0);
  });

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
    await lxc('lxc-stop', gone, '-k');
    const [address, balancer] = await Promise.all([until(answers.address), until(answers.balancer)]);
    console.log(`without ${gone}: the address after ${address} s, the balancer after ${balancer} s`);
    expect(Math.max(address, balancer)).toBeLessThan(LIMIT);
    expect(await holder()).not.toBe(gone);
    await lxc('lxc-start', gone);
    await until(async () => (await lab.hardway('status')).code === 0);
  });

  it('everything loses its power: both ways answer again, with no run in between', async () => {
    await Promise.all(machines.map((machine) => lxc('lxc-stop', machine, '-k')));
    await Promise.all(machines.map((machine) => lxc('lxc-start', machine)));
    const [address, balancer] = await Promise.all([until(answers.address), until(answers.balancer)]);
    console.log(`all from cold: the address after ${address} s, the balancer after ${balancer} s`);
    await until(async () => (await lab.hardway('status')).code === 0);
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
  });
});
