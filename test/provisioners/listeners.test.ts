import { execFileSync } from 'node:child_process';
import { createServer as plainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { doorsOf } from '../../provisioners/doors.ts';
import { ports } from '../../provisioners/listeners.ts';
import { portsOf } from '../../provisioners/ports.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { localConnection } from '../../src/connection/local.ts';
import { cluster } from './machines.ts';

const [master, minion] = cluster.nodes;
if (master === undefined || minion === undefined) throw new Error('cluster.json has no second machine');
const uid = '0f3c2a44-1111-2222-3333-abcdefabcdef';
const END = 'looked=through';

const refusing = [
  'answer=10250 /pods HTTP/1.1 401',
  'answer=10250 /metrics HTTP/1.0 401',
  'answer=10250 /healthz HTTP/1.0 401',
  'answer=10250 /configz HTTP/1.0 403',
  'answer=2379 /version alert certificate required',
  'answer=10256 /metrics HTTP/1.1 404',
  'answer=10256 /configz HTTP/1.1 404',
  'answer=10256 /debug/pprof/ HTTP/1.1 404',
];
const judged = (where: typeof master, lines: readonly string[], answers = refusing) =>
  ports
    .judge(cluster, where, [...lines, `pod=default_shell_${uid}`, ...answers, END].join('\n'))
    .filter(({ id }) => !id.startsWith('ports'))
    .map(({ is, id, found }) => `${is} ${id}: ${found}`);

describe('a listener', () => {
  const cases: [string, 'master' | 'minion', string][] = [
    [
      'tcp 0.0.0.0:22 700 ssh.service sshd',
      'minion',
      'well port 22/tcp: sshd (pid 700, ssh.service) on 0.0.0.0',
    ],
    ['tcp 0.0.0.0:2022 700 ssh.service sshd', 'minion', 'well port 2022/tcp'],
    ['tcp *:22 1 - systemd', 'minion', 'well port 22/tcp: systemd (pid 1) on *'],
    ['udp 0.0.0.0%eth0:68 50 networking.service dhclient', 'minion', 'well port 68/udp'],
    ['tcp 0.0.0.0:4444 812 - sshd', 'minion', 'wrong port 4444/tcp: sshd (pid 812) on 0.0.0.0'],
    [
      'tcp *:10250 9 mine.service kubelet',
      'minion',
      'wrong port 10250/tcp: kubelet (pid 9, mine.service) on *',
    ],
    ['udp 0.0.0.0:8472 - -', 'minion', 'excepted port 8472/udp: the kernel on 0.0.0.0'],
    ['udp 0.0.0.0:8472 9 x.service nc', 'minion', 'wrong port 8472/udp: nc (pid 9, x.service) on 0.0.0.0'],
    [
      `tcp ${minion.address}:10250 9 kubelet.service kubelet`,
      'minion',
      `well port 10250/tcp: kubelet (pid 9, kubelet.service) on ${minion.address}; /pods: HTTP/1.1 401,`,
    ],
    [
      'tcp *:10250 9 kubelet.service kubelet',
      'minion',
      'wrong port 10250/tcp: kubelet (pid 9, kubelet.service) on *',
    ],
    [
      'tcp 10.0.3.17:10250 9 kubelet.service kubelet',
      'minion',
      'wrong port 10250/tcp: kubelet (pid 9, kubelet.service) on 10.0.3.17',
    ],
    ['tcp *:10250 9 - nc', 'minion', 'wrong port 10250/tcp: nc (pid 9) on *'],
    ['udp *:10250 9 kubelet.service kubelet', 'minion', 'wrong port 10250/udp'],
    ['tcp *:10256 9 kube-proxy.service kube-proxy', 'minion', 'well port 10256/tcp'],
    ['tcp *:31022 9 kube-proxy.service kube-proxy', 'minion', 'well port 31022/tcp'],
    ['tcp *:31022 9 - nginx', 'minion', 'wrong port 31022/tcp'],
    [`tcp ${master.address}:2379 9 etcd.service etcd`, 'master', 'well port 2379/tcp'],
    ['tcp *:2379 9 etcd.service etcd', 'master', 'wrong port 2379/tcp: etcd (pid 9, etcd.service) on *'],
    [`tcp ${minion.address}:2379 9 etcd.service etcd`, 'minion', 'wrong port 2379/tcp'],
    ['tcp *:6443 9 x.service kube-apiserver', 'minion', 'wrong port 6443/tcp'],
    ['tcp 0.0.0.0:8001 9 - kubectl', 'master', 'wrong port 8001/tcp: kubectl (pid 9) on 0.0.0.0'],
    [
      `tcp *:9999 9 pod${uid} my shell`,
      'minion',
      'wrong port 9999/tcp: my shell (pid 9, pod default/shell) on *',
    ],
    [
      `tcp *:9999 9 pod${uid.replaceAll('-', '_')} nc`,
      'minion',
      'wrong port 9999/tcp: nc (pid 9, pod default/shell) on *',
    ],
    ['tcp *:10257 9 x.service kube-controller', 'master', 'wrong port 10257/tcp'],
  ];
  it.each(cases)('%s on a %s', (line, role, beginning) => {
    const found = judged(role === 'master' ? master : minion, [`listens=${line}`]);
    expect(found).toHaveLength(1);
    expect(found[0]?.startsWith(beginning), found[0]).toBe(true);
  });

  it.each(['tcp 127.0.0.1:10249 9 - kube-proxy', 'udp 127.0.0.53%lo:53 9 - x', 'tcp [::1]:2379 9 - etcd'])(
    '%s is nobody else’s affair',
    (line) => expect(judged(minion, [`listens=${line}`])).toEqual([]),
  );

  it('that Vagrant’s published key opens is open to all', () => {
    const lines = ['listens=tcp *:22 700 ssh.service sshd', 'published=/home/vagrant/.ssh/authorized_keys'];
    expect(judged(minion, lines)).toEqual([
      'wrong port 22/tcp: sshd (pid 700, ssh.service) on *; Vagrant’s published key in /home/vagrant/.ssh/authorized_keys',
    ]);
  });

  it('with several addresses is one', () => {
    const lines = ['listens=tcp 0.0.0.0:22 700 ssh.service sshd', 'listens=tcp [::]:22 700 ssh.service sshd'];
    expect(judged(minion, lines)).toEqual(['well port 22/tcp: sshd (pid 700, ssh.service) on 0.0.0.0, [::]']);
  });
});

describe('what strangers are told', () => {
  const kubelet = [`listens=tcp ${minion.address}:10250 9 kubelet.service kubelet`];
  it.each([
    ['HTTP/1.1 401', 'well'],
    ['HTTP/1.1 403', 'well'],
    ['alert bad certificate', 'well'],
    ['HTTP/1.1 200', 'wrong'],
    ['HTTP/1.1 500', 'wrong'],
    ['', 'wrong'],
  ])('%j is %s', (answer, is) => {
    const answers = [`answer=10250 /pods ${answer}`, ...refusing.slice(1)];
    const [found] = judged(minion, kubelet, answers);
    expect(found).toMatch(new RegExp(`^${is} .*; /pods: ${answer === '' ? 'no answer' : answer}, `));
  });

  it('a machine that does not answer to the end has proven nothing', () => {
    expect(ports.judge(cluster, minion, kubelet.join('\n'))).toMatchObject([
      { is: 'wrong', found: 'it could not' },
    ]);
  });

  it('ports of old without a lock are closed, on loopback too', () => {
    const old = ports.judge(cluster, minion, `listens=tcp 127.0.0.1:10255 9 kubelet.service kubelet\n${END}`);
    expect(old).toMatchObject([{ is: 'wrong', found: 'kubelet on 10255' }]);
    const mine = ports.judge(cluster, minion, `listens=tcp 127.0.0.1:8080 9 - java\n${END}`);
    expect(mine).toMatchObject([{ is: 'well' }]);
  });
});

it('every port of ours that others can reach is declared with the program that has it', () => {
  for (const node of [master, minion]) {
    const open = portsOf(cluster, node).filter(({ on }) => on !== 'loopback');
    const doors = doorsOf(cluster, node).slice(0, open.length);
    expect(doors.map(({ from }) => from)).toEqual(open.map(({ port }) => port));
    expect(doors.filter(({ ask, excepted }) => ask === null && excepted === undefined)).toEqual([]);
  }
});

describe('asked for real', () => {
  const listen = async (server: Server): Promise<number> => {
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void server.close());
    return (server.address() as AddressInfo).port;
  };
  const asked = async (port: number): Promise<string[]> => {
    const there: Cluster = { ...cluster, controlPlane: { ...cluster.controlPlane, port } };
    const question = ports.question(there, { ...master, roles: ['master'], address: '127.0.0.1' });
    const { stdout } = await localConnection().run(question);
    expect(stdout.trimEnd().endsWith(END)).toBe(true);
    return stdout.split('\n').filter((line) => line.startsWith(`answer=${port} /version`));
  };
  const own = { key: '', cert: '' };
  it.each([
    [
      'a server that demands a certificate',
      { requestCert: true, rejectUnauthorized: true },
      'alert certificate required',
    ],
    ['one that does not', {}, 'HTTP/1.1 401'],
  ])('%s', async (_, options, answer) => {
    Object.assign(own, selfSigned());
    const port = await listen(
      createServer({ ...own, ...options, ca: own.cert }, (_request, response) =>
        response.writeHead(401).end('no'),
      ),
    );
    expect(await asked(port)).toEqual([`answer=${port} /version ${answer}`]);
  });

  it('one that speaks no TLS gives no answer', async () => {
    const port = await listen(plainServer((_request, response) => response.end('hello')));
    expect(await asked(port)).toEqual([`answer=${port} /version `]);
  });
});

function selfSigned(): { key: string; cert: string } {
  const words = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=x',
  ];
  const pem = execFileSync('openssl', [...words, '-keyout', '-', '-out', '-', '-days', '1'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const part = (what: string): string => new RegExp(`-+BEGIN ${what}[^]*?END ${what}-+`).exec(pem)?.[0] ?? '';
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') };
}
