import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseListeners, refuseTakenPorts } from '../../provisioners/ports.ts';
import { factsScript, parseFacts } from '../../provisioners/facts.ts';
import { localConnection } from '../../src/connection/local.ts';
import { MachineError } from '../../src/errors.ts';
import { cluster } from './machines.ts';

const [master, minion] = cluster.nodes;
if (master === undefined || minion === undefined) throw new Error('cluster.json has no second machine');

describe('a port that somebody else has', () => {
  const cases: [string, 'master' | 'minion', string | null][] = [
    [
      'tcp 0.0.0.0:6443 812 haproxy',
      'master',
      'port 6443 is used by pid 812 (haproxy); the API server needs it',
    ],
    ['tcp [::]:6443 812 haproxy', 'master', 'port 6443 is used by pid 812'],
    ['tcp 10.0.2.15:6443 812 haproxy', 'master', 'port 6443 is used by pid 812'],
    ['tcp 0.0.0.0:6443 812 haproxy', 'minion', null],
    ['udp 0.0.0.0:6443 812 haproxy', 'master', null],
    [
      'tcp 127.0.0.1:2379 9 etcd of mine',
      'master',
      'port 2379 is used by pid 9 (etcd of mine); etcd needs it',
    ],
    [`tcp ${master.address}:2380 9 etcd`, 'master', 'port 2380 is used by pid 9 (etcd)'],
    ['tcp 10.0.2.15:2379 9 etcd', 'master', null],
    ['tcp *:10250 7 kubelet', 'minion', 'port 10250 is used by pid 7 (kubelet); the kubelet needs it'],
    [`tcp ${minion.address}:10250 7 java`, 'minion', 'port 10250 is used by pid 7 (java)'],
    ['tcp 10.0.2.15:10250 7 java', 'minion', null],
    ['tcp 127.0.0.1:10250 7 java', 'minion', null],
    ['tcp 10.0.2.15:10257 7 java', 'master', null],
    ['udp 0.0.0.0:8472 7 java', 'minion', 'port 8472/udp is used by pid 7 (java); flannel needs it'],
    ['tcp 0.0.0.0:22 1 sshd', 'master', null],
  ];
  it.each(cases)('%s on a %s', (line, role, message) => {
    const check = () =>
      refuseTakenPorts(cluster, role === 'master' ? master : minion, parseListeners([line]));
    if (message === null) expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });

  it('is told together with all others', () => {
    const taken = parseListeners(['tcp *:10250 7 java', 'tcp *:10256 8 nc']);
    try {
      refuseTakenPorts(cluster, minion, taken);
      expect.unreachable();
    } catch (error) {
      expect((error as MachineError).message).toMatch(/^minion-1: port 10250 is used by pid 7 \(java\)/);
      expect((error as MachineError).evidence).toEqual([
        'port 10256 is used by pid 8 (nc); kube-proxy needs it',
      ]);
    }
  });
});

it('a machine names each socket with the program behind it', async () => {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { stdout } = await localConnection().run(factsScript);
  const found = parseFacts(stdout).listeners.find((listener) => listener.port === port);
  expect(found).toMatchObject({ protocol: 'tcp', address: '127.0.0.1', pid: process.pid });
  expect(found?.command).not.toBe('');
});
