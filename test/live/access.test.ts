import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { makeLab } from './support/lab.ts';
import { deployProbe, image, importImage, namespace, probePods } from './support/probe.ts';
import { held, itself, status } from './support/stranger.ts';

const lab = makeLab('hwt-access', '192.168.88.0/24');
lab.edit(({ nodes }) => void (nodes[1]!.count = 1));
const API = 'https://192.168.88.11:6443';
const KUBELETS = { master: 'https://192.168.88.11:10250', 'minion-1': 'https://192.168.88.101:10250' };
const machines = ['master', 'minion-1'] as const;

beforeAll(() => bringUp(lab));

const apply = (...items: object[]) =>
  lab.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));

describe('hardway verify ports', () => {
  it('finds nothing wrong on a cluster as it was made, and says what anybody may do to VXLAN', async () => {
    const { code, output } = await lab.hardway('verify', 'ports');
    expect(code, output).toBe(0);
    expect(output).toMatch(/\d+ well, 0 wrong, 2 excepted on 2 machines\n$/);
    expect(output).not.toContain('✗');
  });

  it('names a stranger with its unit, and a pod that listens on its machine', async () => {
    await apply(
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'strays', labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
      },
      pod('strays', 'stray', {
        hostNetwork: true,
        nodeName: 'minion-1',
        containers: [{ ...busybox, args: ['httpd', '-f', '-p', '9998', '-h', '/www'] }],
      }),
    );
    await importImage(lab, 'minion-1');
    await lab.on('minion-1', 'systemd-run --unit=stray --collect openssl s_server -accept 9999 -nocert');
    try {
      await lab.kubectl(['wait', '-n', 'strays', 'pod/stray', '--for=condition=Ready', '--timeout=60s']);
      const { code, output } = await lab.hardway('verify', 'ports');
      expect(code, output).toBe(1);
      expect(output).toMatch(
        /✗ minion-1: port 9999\/tcp: only what is declared .*\n +found: openssl \(pid \d+, stray\.service\) on /,
      );
      expect(output).toMatch(
        /✗ minion-1: port 9998\/tcp: .*\n +found: busybox \(pid \d+, pod strays\/stray\) on /,
      );
      expect(output).toMatch(/ 2 wrong, /);
    } finally {
      await lab.on('minion-1', 'systemctl stop stray');
      await lab.kubectl(['delete', 'namespace', 'strays', '--timeout=60s']);
    }
    await expect.poll(async () => (await lab.hardway('verify', 'ports')).code, { timeout: 30_000 }).toBe(0);
  });
});

it('hardway verify ports finds the key that everybody has', async () => {
  const keys = '/home/vagrant/.ssh/authorized_keys';
  const { user } = JSON.parse(readFileSync(join(lab.folder, 'boxes', 'debian-12.json'), 'utf8')) as {
    user: { key: string };
  };
  await lab.on('minion-1', `cp -p ${keys} /run/keys; echo '${user.key}' >> ${keys}`);
  try {
    const { code, output } = await lab.hardway('verify', 'ports');
    expect([code, output]).toEqual([1, expect.stringContaining(`Vagrant’s published key in ${keys}`)]);
  } finally {
    await lab.on('minion-1', `cp -p /run/keys ${keys}; rm /run/keys`);
  }
});

describe('without a credential', () => {
  it('the API tells its health and nothing else', async () => {
    const ask = (path: string) => status(lab, 'minion-1', API + path);
    for (const path of ['/livez', '/readyz', '/healthz'])
      expect([path, await ask(path)]).toEqual([path, '200']);
    const closed = ['/', '/version', '/api', '/apis', '/metrics', '/openapi/v2', '/logs/', '/debug/pprof/'];
    const asked = [
      ...closed,
      '/.well-known/openid-configuration',
      '/api/v1/secrets',
      '/api/v1/namespaces/kube-public/configmaps/cluster-info',
    ];
    for (const path of asked) expect([path, await ask(path)]).toEqual([path, '401']);
  });

  it('a kubelet tells nothing, and another node’s certificate helps nobody', async () => {
    for (const path of ['/pods', '/metrics', '/logs/', '/run/a/b/c', '/healthz']) {
      expect([path, await status(lab, 'minion-1', KUBELETS.master + path)]).toEqual([path, '401']);
      expect([path, await status(lab, 'minion-1', KUBELETS.master + path, { as: itself })]).toEqual([
        path,
        '403',
      ]);
      expect([path, await status(lab, 'master', KUBELETS['minion-1'] + path, { as: itself })]).toEqual([
        path,
        '403',
      ]);
    }
  });
});

it('a kubelet’s port is open to the machines, and not where its machine leads outside', async () => {
  const { stdout } = await lab.on('master', 'ip -o -4 address show dev eth0');
  const outside = / inet ([\d.]+)\//.exec(stdout)?.[1] ?? '';
  const isOpen = async (address: string, port: number): Promise<boolean> =>
    (await lab.on('minion-1', `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}'`)).ok;
  expect([outside, await isOpen(outside, 22), await isOpen(outside, 10250)]).toEqual([outside, true, false]);
  expect(await isOpen('192.168.88.11', 10250)).toBe(true);
});

describe('one node', () => {
  const secret = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'nodes' },
    stringData: { a: 'b' },
  });
  const user = (name: string, nodeName: string) =>
    pod('nodes', name, { nodeName, containers: [{ ...busybox, envFrom: [{ secretRef: { name } }] }] });
  const read = (machine: string, name: string) =>
    status(lab, machine, `${API}/api/v1/namespaces/nodes/secrets/${name}`, { as: itself });

  it('reads the Secrets of its own pods, and none of another’s', async () => {
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'nodes' } },
      ...machines.flatMap((machine) => [secret(machine), user(machine, machine)]),
    );
    try {
      await expect.poll(() => read('minion-1', 'minion-1'), { timeout: 10_000 }).toBe('200');
      await expect.poll(() => read('master', 'master'), { timeout: 10_000 }).toBe('200');
      expect([await read('minion-1', 'master'), await read('master', 'minion-1')]).toEqual(['403', '403']);
      expect(await status(lab, 'minion-1', `${API}/api/v1/secrets`, { as: itself })).toBe('403');
    } finally {
      await lab.kubectl(['delete', 'namespace', 'nodes', '--timeout=60s']);
    }
  });

  it('says something of itself, nothing of another, and gives itself no role', async () => {
    const label = (machine: string, key: string) =>
      status(lab, 'minion-1', `${API}/api/v1/nodes/${machine}`, {
        as: itself,
        patch: { metadata: { labels: { [key]: 'x' } } },
      });
    expect(await label('minion-1', 'example.org/mine')).toBe('200');
    expect(await label('master', 'example.org/mine')).toBe('403');
    expect(await label('minion-1', 'node-role.kubernetes.io/control-plane')).toBe('403');
    expect(await label('minion-1', 'node-restriction.kubernetes.io/x')).toBe('403');
    await lab.kubectl(['label', 'node', 'minion-1', 'example.org/mine-']);
  });
});

describe('what a master holds opens one door each', () => {
  it('the API server as client of kubelets may fetch from nodes and read no Secret', async () => {
    const as = held('apiserver-kubelet-client');
    expect(await status(lab, 'master', `${KUBELETS['minion-1']}/pods`, { as })).toBe('200');
    expect(await status(lab, 'master', `${API}/api/v1/secrets`, { as })).toBe('403');
    expect(await status(lab, 'master', `${API}/api/v1/pods`, { as })).toBe('403');
  });

  it('the front proxy’s certificate is no user, and nobody else may speak for others', async () => {
    const headers = ['X-Remote-User: mallory', 'X-Remote-Group: system:masters'];
    const secrets = `${API}/api/v1/secrets`;
    expect(await status(lab, 'master', secrets, { as: held('front-proxy-client') })).toBe('401');
    expect(await status(lab, 'minion-1', secrets, { as: itself, headers })).toBe('403');
    expect(await status(lab, 'minion-1', secrets, { headers })).toBe('401');
  });
});

describe('the API server and kubelets', () => {
  beforeAll(() => deployProbe(lab, machines));

  it('a port of a pod on each node can be reached through the API', async () => {
    for (const { name, node } of await probePods(lab)) {
      const forward = `/usr/local/bin/kubectl --kubeconfig /etc/kubernetes/admin.conf port-forward -n ${namespace} ${name} 18080:8080`;
      const { stdout, stderr } = await lab.on(
        'master',
        `${forward} >/run/forward 2>&1 & pid=$!
for i in $(seq 50); do grep -q Forwarding /run/forward && break; sleep 0.2; done
curl -s -m 10 http://127.0.0.1:18080/; kill $pid; rm /run/forward`,
      );
      expect(stdout, `${node}: ${stderr}`).toBe('here\n');
    }
  });

  it('what each node measures of itself can be asked through the API', async () => {
    for (const machine of machines) {
      const stats = await lab.kubectl(['get', '--raw', `/api/v1/nodes/${machine}/proxy/stats/summary`]);
      expect((JSON.parse(stats) as { node: { nodeName: string } }).node.nodeName).toBe(machine);
    }
  });

  it('a kubelet with a certificate that it signed itself is not spoken to', async () => {
    const [own] = (await probePods(lab)).filter(({ node }) => node === 'minion-1');
    const logs = () => lab.kubectl(['logs', '-n', namespace, own!.name, '--tail=1']);
    await logs();
    const file = '/var/lib/kubelet/pki/kubelet-server-current.pem';
    await lab.on(
      'minion-1',
      `cp -a ${file} /run/kept
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /O=system:nodes/CN=system:node:minion-1 -addext subjectAltName=DNS:minion-1,IP:192.168.88.101 -keyout /run/forged -out /run/forged.crt 2>/dev/null
rm ${file}; cat /run/forged.crt /run/forged > ${file}; chmod 600 ${file}; systemctl restart kubelet`,
    );
    try {
      await expect
        .poll(() => status(lab, 'minion-1', `${KUBELETS['minion-1']}/healthz`), { timeout: 30_000 })
        .toBe('000');
      // While it starts nobody is there at all.
      await expect
        .poll(() => logs().then(() => 'told', String), { timeout: 30_000 })
        .toContain('certificate signed by unknown authority');
    } finally {
      await lab.on('minion-1', `rm ${file} /run/forged*; mv /run/kept ${file}; systemctl restart kubelet`);
    }
    await expect.poll(() => logs().then(() => 'told', String), { timeout: 30_000 }).toBe('told');
  });
});

const busybox = { name: 'busybox', image, imagePullPolicy: 'Never', args: ['sleep', '600'] };

const pod = (where: string, name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: where },
  spec: { terminationGracePeriodSeconds: 0, tolerations: [{ operator: 'Exists' }], ...spec },
});
