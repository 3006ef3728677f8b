import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { destroy } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { command } from '../live/support/command.ts';
import { makeLab } from '../live/support/lab.ts';
import { powerOff, powerOn, wellAgain } from '../live/support/power.ts';
import { until } from '../live/support/waiting.ts';
import { balancer } from './support/balancer.ts';

const NAME = 'api.shop.test';
const lab = makeLab('hwt-name', '192.168.119.0/24');
const HERE = '192.168.119.1';
const masters = { 'master-1': '192.168.119.11', 'master-2': '192.168.119.12' };

/** `controlPlane.endpoint` is a name that somebody else answers for, as is the balancer behind it. */
describe.each(['scratch', 'kubeadm'])('a balancer with a name, by %s', (flavour) => {
  let end = (): void => undefined;
  const fromMinion = async (): Promise<string> =>
    (await lab.on('minion-1', `curl -s -m 3 --cacert /etc/kubernetes/pki/ca.crt https://${NAME}:6443/readyz`))
      .stdout;

  beforeAll(async () => {
    lab.edit((description) => {
      description['kubernetes'] = { flavour };
      description['controlPlane'] = { endpoint: NAME, loadBalancer: 'external' };
      description.nodes = [
        { name: 'etcd', roles: ['etcd'], memory: 512, address: '192.168.119.51' },
        ...Object.entries(masters).map(([name, address]) => ({
          ...{ name, address, roles: ['master'], memory: 1536 },
        })),
        { name: 'minion', count: 1, roles: ['minion'], memory: 1024 },
      ];
    });
    const made = await lab.hardway('lab', 'machines');
    expect(made.code, made.output).toBe(0);
    end = await balancer(HERE, Object.values(masters));
  });
  afterAll(async () => {
    end();
    await destroy(lab);
  });

  it('a machine that does not know the name says so', async () => {
    const up = await lab.hardway('up');
    expect([up.code, up.output]).toEqual([1, expect.stringContaining(`minion-1 knows no ${NAME}`)]);
  });

  it('with a line in its hosts file all is brought up, and a second run has nothing to do', async () => {
    await lab.on('minion-1', `echo '${HERE} ${NAME}' >>/etc/hosts`);
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await told(lab, 'up')).changes).toEqual([]);
    const status = await lab.hardway('status');
    expect([status.code, status.output]).toEqual([0, expect.stringContaining('minion-1')]);
  });

  it('everybody calls the API by it: on a master that is the server beside it, elsewhere the balancer', async () => {
    const conf = await lab.kubectl(['config', 'view', '-o', 'jsonpath={.clusters[0].cluster.server}']);
    expect(conf).toBe(`https://${NAME}:6443`);
    for (const [machine, address] of Object.entries({ ...masters, 'minion-1': HERE })) {
      // A kubelet that kubeadm made on a master knows no other server.
      const called = flavour === 'kubeadm' && machine !== 'minion-1' ? address : NAME;
      const known = await lab.on(
        machine,
        `getent hosts ${NAME} | cut -d' ' -f1; sed -n 's/^ *server: *//p' /etc/kubernetes/kubelet.conf; systemctl is-active hardway-balancer`,
      );
      expect(known.stdout, machine).toBe(`${address}\nhttps://${called}:6443\ninactive\n`);
    }
    // This computer knows no such name: it is told.
    const ca = join(lab.folder, '.hardway/pki/ca.crt');
    const asked = ['-sS', '-m', '5', '--cacert', ca, '--resolve', `${NAME}:6443:${HERE}`];
    const here = await command('curl', [...asked, `https://${NAME}:6443/readyz`], { cwd: lab.folder });
    expect(here.output).toBe('ok');
  });

  it('without a master the balancer leads to the other one', async () => {
    await powerOff(lab, 'master-1');
    const seconds = await until(async () => (await fromMinion()) === 'ok', 30);
    console.log(`${flavour}, without master-1: ${NAME} answers a minion after ${seconds.toFixed(1)} s`);
    await powerOn(lab, 'master-1');
    await wellAgain(lab, 120);
  });
});
