import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untar } from '../../src/artefacts/tar.ts';
import { freePort } from '../fixtures/free-port.ts';
import { bringUp } from './support/bring-up.ts';
import { canariesOf, found } from './support/canaries.ts';
import { command } from './support/command.ts';
import { makeLab } from './support/lab.ts';
import { reboot, wellAgain } from './support/power.ts';
import { image, importImage } from './support/probe.ts';

const lab = makeLab('hwt-hand', '192.168.92.0/24');
lab.edit(({ nodes }) => void (nodes[1]!.count = 1));
const machines = ['master', 'minion-1'] as const;
const state = join(lab.folder, '.hardway');
const elsewhere = mkdtempSync(join(tmpdir(), 'hardway-elsewhere-'));

beforeAll(() => bringUp(lab));
afterAll(() => rmSync(elsewhere, { recursive: true }));

const hardway = join(lab.folder, 'dist/hardway.js');
/** Goes on until it is ended as by Ctrl-C; returns what it had said, and its exit code. */
function until(words: readonly string[], seen: RegExp, meanwhile: (said: string) => Promise<void>) {
  const child = spawn(process.execPath, [hardway, ...words], { cwd: lab.folder });
  let said = '';
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, said })),
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return (async () => {
    try {
      await expect.poll(() => said, { timeout: 60_000 }).toMatch(seen);
      await meanwhile(said);
    } finally {
      child.kill('SIGINT');
    }
    return ended;
  })();
}

describe('hardway kubectl', () => {
  it('is kubectl: arguments, input, exit code', async () => {
    expect(await lab.hardway('kubectl', 'get', 'nodes', '-o', 'name')).toEqual({
      code: 0,
      output: 'node/master\nnode/minion-1\n',
    });
    expect((await lab.hardway('kubectl', 'get', 'nodes', 'nobody')).code).toBe(1);
    expect((await lab.hardway('kubectl', 'get', '--help')).output).toContain('Display one or many resources');
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'by-hand' } };
    const words = ['kubectl', 'create', '-o', 'name', '-f', '-'];
    const told = await command(process.execPath, [hardway, ...words], {
      cwd: lab.folder,
      input: JSON.stringify(object),
    });
    expect(told).toEqual({ code: 0, output: 'namespace/by-hand\n' });
    await lab.kubectl(['delete', 'namespace', 'by-hand', '--wait=false']);
  });

  it('fetch brings one that fits, ends with the nodes, and does nothing twice', async () => {
    const fetch = () => lab.hardway('kubectl', 'fetch', '--from', 'http://127.0.0.1:9', '--to', elsewhere);
    const { code, output } = await fetch();
    expect(code, output).toBe(0);
    expect(output).toMatch(/NAME +STATUS[^]*\nmaster +Ready [^]*\nminion-1 +Ready /);
    const before = statSync(join(elsewhere, 'kubectl')).mtimeMs;
    expect((await fetch()).output).toContain('kubectl: is there and unharmed');
    expect(statSync(join(elsewhere, 'kubectl')).mtimeMs).toBe(before);
    const asked = await command(
      join(elsewhere, 'kubectl'),
      ['--kubeconfig', join(state, 'kubeconfig'), 'version', '-o', 'json'],
      { cwd: elsewhere },
    );
    const minors = [...asked.output.matchAll(/"minor": "(\d+)"/g)].map(([, minor]) => Number(minor));
    expect(Math.abs((minors[0] ?? 0) - (minors[1] ?? 9))).toBeLessThanOrEqual(1);
  });
});

describe('hardway kubeconfig --merge', () => {
  it('works from another folder and another machine, with no paths and nothing skipped', async () => {
    const file = join(elsewhere, 'config');
    const { code, output } = await lab.hardway('kubeconfig', '--merge', '--to', file);
    expect([code, output]).toEqual([0, `${file}: the context hwt-hand is in it now\n`]);
    const text = readFileSync(file, 'utf8');
    expect(text).not.toMatch(/insecure|certificate-authority:|client-key:|client-certificate:/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const asked = await command(join(elsewhere, 'kubectl'), ['get', 'nodes', '-o', 'name'], {
      cwd: elsewhere,
      env: { KUBECONFIG: file },
    });
    expect(asked.output).toBe('node/master\nnode/minion-1\n');
    const there = await lab.on(
      'minion-1',
      `umask 077; cat >/run/config <<'EOF'\n${text}\nEOF\nkubectl --kubeconfig /run/config --context hwt-hand get nodes -o name; rm /run/config`,
    );
    expect(there.stdout).toBe('node/master\nnode/minion-1\n');
    expect((await lab.hardway('kubeconfig', '--unmerge', '--to', file)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toContain('hwt-hand');
  });
});

describe('hardway ssh', () => {
  const ssh = (machine: string, ...rest: string[]) => lab.hardway('ssh', machine, ...rest);

  it('runs a command there, as the login user or as root, and has its exit code', async () => {
    expect(await ssh('minion-1', '--', 'hostname')).toEqual({ code: 0, output: 'minion-1\n' });
    expect((await ssh('minion-1', '--', 'exit', '7')).code).toBe(7);
    expect((await ssh('master', '--root', '--', 'id -un; kubectl get nodes -o name')).output).toBe(
      'root\nnode/master\nnode/minion-1\n',
    );
  });

  it('trusts no other host key than the one that was met', async () => {
    const file = join(state, 'known_hosts');
    const before = readFileSync(file, 'utf8');
    const master = /^master (.*)$/m.exec(before)?.[1] ?? '';
    writeFileSync(file, before.replace(/^minion-1 .*$/m, `minion-1 ${master}`));
    try {
      const { code, output } = await ssh('minion-1', '--', 'hostname');
      expect([code, output]).toEqual([255, expect.stringContaining('Host key verification failed')]);
    } finally {
      writeFileSync(file, before);
    }
  });
});

describe('hardway logs', () => {
  it('shows what units write, and says which are none', async () => {
    const { code, output } = await lab.hardway('logs', 'master', 'kubelet', '--lines', '3');
    expect([code, output.trim().split('\n').length]).toEqual([0, 3]);
    const all = await lab.hardway('logs', 'minion-1', '--lines', '5');
    expect(all.output).toContain('minion-1: containerd, flanneld, kubelet, kube-proxy\n');
    const none = await lab.hardway('logs', 'minion-1', 'kubelte');
    expect([none.code, none.output]).toEqual([
      1,
      expect.stringContaining('there is no unit kubelte on minion-1'),
    ]);
  });

  it('follows, and leaves nothing running there', async () => {
    const words = ['logs', 'minion-1', 'kubelet', '--follow', '--lines', '1'];
    const { code } = await until(words, /\n/, async () => {
      expect((await lab.on('minion-1', 'pgrep -x journalctl')).ok).toBe(true);
    });
    expect(code).toBe(0);
    await expect
      .poll(async () => (await lab.on('minion-1', 'pgrep -x journalctl')).stdout, { timeout: 15_000 })
      .toBe('');
  });
});

describe('what commands of a run wrote', () => {
  const runs = (): string[] => readdirSync(join(state, 'runs')).sort();
  const logs = async (): Promise<string> =>
    (await lab.on('minion-1', 'find /var/log/hardway -type f -printf "%m %f %s\\n" | sort')).stdout;

  it('lies on both sides after a run that failed, also after a reboot', async () => {
    const stub = '/usr/local/sbin/hostname';
    await lab.on(
      'minion-1',
      `hostname another; printf '#!/bin/sh\\necho "no name today" >&2; exit 1\\n' >${stub}; chmod 755 ${stub}`,
    );
    const { code, output } = await lab.hardway('up');
    await lab.on('minion-1', `rm ${stub}`);
    expect([code, output]).toEqual([1, expect.stringContaining('hostname:running failed (exit 1)')]);
    const failed = /no name today/;
    expect((await lab.hardway('logs', 'minion-1', '--run')).output).toMatch(failed);
    expect((await lab.on('minion-1', 'cat /var/log/hardway/host.log')).stdout).toMatch(failed);
    expect(await logs()).toMatch(/^600 host\.log \d+$/m);
    const healed = await lab.hardway('up');
    expect(healed.code, healed.output).toBe(0);
    await reboot(lab, 'minion-1');
    expect((await lab.on('minion-1', 'cat /var/log/hardway/host.log')).stdout).toMatch(failed);
    await wellAgain(lab, 120);
  });

  it('is nothing in a run that changes nothing', async () => {
    const before = [await logs(), runs()];
    expect((await lab.hardway('up')).code).toBe(0);
    expect([await logs(), runs()]).toEqual(before);
  });
});

describe('hardway etcd', () => {
  it('tells how each member is, and names the one that is down', async () => {
    const well = await lab.hardway('etcd', 'status');
    expect(well.code, well.output).toBe(0);
    expect(well.output).toMatch(
      /\nmaster +192\.168\.92\.11 +healthy +leader .* 3\.6\.\d+ +none\n\nhealthy\n$/,
    );
    await lab.on('master', 'systemctl stop etcd');
    try {
      const ill = await lab.hardway('etcd', 'status');
      expect([ill.code, ill.output]).toEqual([1, expect.stringContaining('✗ master is down')]);
    } finally {
      await lab.on('master', 'systemctl start etcd');
    }
  });

  it('brings a verified copy here, closed, and leaves none there', async () => {
    const file = join(elsewhere, 'copy.db');
    const { code, output } = await lab.hardway('etcd', 'snapshot', '--to', file);
    expect(code, output).toBe(0);
    expect(output).toMatch(/copy\.db: \d+\.\d MiB, revision \d+, \d+ keys, from master, verified/);
    expect([
      statSync(file).mode & 0o777,
      readdirSync(elsewhere).filter((name) => /\.db\./.test(name)),
    ]).toEqual([0o600, []]);
    expect((await lab.on('master', 'ls /var/lib/hardway | grep -c snapshot')).stdout).toBe('0\n');
  });

  it('defragments', async () => {
    const { code, output } = await lab.hardway('etcd', 'defrag');
    expect([code, output]).toEqual([0, expect.stringMatching(/^master: \d+\.\d MiB → \d+\.\d MiB\n$/)]);
  });
});

it('hardway version --nodes tells what the programs there print', async () => {
  const { code, output } = await lab.hardway('version', '--nodes', '--json');
  expect(code, output).toBe(0);
  const told = (JSON.parse(output) as { machines: Record<string, Record<string, string>> }).machines;
  for (const machine of machines) {
    const { stdout } = await lab.on(
      machine,
      `kubelet --version; containerd --version; runc --version; flanneld --version 2>&1; uname -r; . /etc/os-release; echo "$PRETTY_NAME"`,
    );
    for (const program of ['kubelet', 'containerd', 'runc', 'flanneld', 'kernel', 'os'])
      expect([program, stdout.includes(told[machine]?.[program] ?? 'nothing')]).toEqual([program, true]);
  }
  expect([
    Object.hasOwn(told['master'] ?? {}, 'etcd'),
    Object.hasOwn(told['minion-1'] ?? {}, 'etcd'),
  ]).toEqual([true, false]);
});

it('hardway support-bundle holds logs of every unit and no secret', async () => {
  const file = join(elsewhere, 'bundle.tar.gz');
  expect((await lab.hardway('support-bundle', '--to', file)).code).toBe(0);
  const files = [...untar(gunzipSync(readFileSync(file))).values()];
  const canaries = canariesOf(lab);
  expect(canaries.size).toBeGreaterThan(10);
  for (const { path, content } of files) expect([path, found(canaries, String(content))]).toEqual([path, []]);
  const log = files.find(({ path }) => path === 'hardway/minion-1/kubelet.log');
  expect(log?.content?.length).toBeGreaterThan(1000);
  expect(files.find(({ path }) => path === 'hardway/status.json')?.content?.toString()).toContain('"Ready"');
});

describe('hardway ui', () => {
  const namespace = 'headlamp';
  const labels = { app: 'page' };
  const page = {
    ...{ name: 'page', image, imagePullPolicy: 'Never' },
    args: ['httpd', '-f', '-p', '4466', '-h', '/www'],
  };
  const user = { kind: 'ServiceAccount', name: 'reader', namespace };
  const role = {
    apiGroup: 'rbac.authorization.k8s.io',
    kind: 'ClusterRole',
    name: 'system:node-problem-detector',
  };

  it('says that the add-on is off', async () => {
    const { code, output } = await lab.hardway('ui');
    expect([code, output]).toEqual([1, expect.stringContaining('addons.headlamp is off')]);
  });

  // The image of the page cannot be fetched in a closed network: another page stands under its name.
  it('forwards the page to loopback alone, gives a token that reads, and ends with Ctrl-C', async () => {
    await importImage(lab, 'minion-1');
    await lab.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'List' },
        items: [
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
          { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace } },
          {
            ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding' },
            ...{ metadata: { name: 'page-reader' }, roleRef: role, subjects: [user] },
          },
          {
            ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'headlamp', namespace } },
            spec: { selector: labels, ports: [{ port: 80, targetPort: 4466 }] },
          },
          {
            ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'page', namespace, labels } },
            spec: { nodeName: 'minion-1', terminationGracePeriodSeconds: 0, containers: [page] },
          },
        ],
      }),
    );
    await lab.kubectl(['wait', '-n', namespace, 'pod/page', '--for=condition=Ready', '--timeout=60s']);
    const port = await freePort();
    const words = ['ui', '--set', 'addons.headlamp=true', '--port', String(port)];
    const { code } = await until(words, /Ctrl-C ends it/, async (said) => {
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here\n');
      const closed = await lab.on('minion-1', `curl -s -m 3 http://192.168.92.1:${port}/`);
      expect([closed.ok, closed.stdout]).toEqual([false, '']);
      const token = /one hour:\n(\S+)/.exec(said)?.[1] ?? '';
      const ask = (more: string) =>
        lab.on(
          'minion-1',
          `curl -s -o /dev/null -w '%{http_code}' --cacert /etc/kubernetes/pki/ca.crt ${more} https://192.168.92.11:6443/api/v1/nodes/master`,
        );
      expect((await ask(`-H 'Authorization: Bearer ${token}'`)).stdout).toBe('200');
      expect((await ask('')).stdout).toBe('401');
      const { exp, iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
        exp: number;
        iat: number;
      };
      expect(exp - iat).toBe(3600);
      expect(readFileSync(join(state, 'journal.ndjson'), 'utf8')).not.toContain(token);
    });
    expect(code).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});

it('hardway lab destroy takes the cluster out of the user’s own kubeconfig', async () => {
  const file = join(elsewhere, 'own');
  await lab.hardway('kubeconfig', '--merge', '--to', file);
  expect(readFileSync(file, 'utf8')).toContain('hwt-hand');
  const words = [hardway, 'lab', 'destroy'];
  const { code, output } = await command(process.execPath, words, {
    cwd: lab.folder,
    env: { KUBECONFIG: file },
  });
  expect([code, output]).toEqual([0, expect.stringContaining(`${file}: ours was taken out of it`)]);
  expect(readFileSync(file, 'utf8')).not.toContain('hwt-hand');
});
