import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/check.ts';
import { standing } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { ETCDCTL } from './support/etcd.ts';
import { makeLab } from './support/lab.ts';
import { until } from './support/waiting.ts';

const PLAIN = 'canary-of-the-hardened-cluster';
const AUDIT = '/var/log/kubernetes/audit';

describe('a hardened cluster', () => {
  const lab = makeLab('hwt-hard', '192.168.87.0/24');
  const secure = (security: object) => lab.edit((description) => void (description['security'] = security));
  const keyFile = join(lab.folder, '.hardway', 'encryption-key');

  standing(lab, () => {
    lab.edit(({ nodes }) => nodes.forEach((node) => node.count && (node.count = 1)));
    secure({ profile: 'hardened' });
  });
  beforeAll(() => lab.kubectl(['create', 'secret', 'generic', 'canary', `--from-literal=word=${PLAIN}`]));

  const verified = async (): Promise<{ code: number | null; wrong: string[]; remedies: string[] }> => {
    const { code, output } = await lab.hardway('verify', 'security', '--json');
    const { findings } = JSON.parse(output) as { findings: Finding[] };
    const wrong = findings.filter(({ is }) => is === 'wrong');
    const remedies = [...new Set(wrong.map(({ remedy = '' }) => remedy))];
    return { code, wrong: wrong.map(({ machine, id }) => `${machine} ${id}`), remedies };
  };
  const up = async (): Promise<string> => {
    const { code, output } = await lab.hardway('up');
    expect(code, output).toBe(0);
    return output;
  };
  const onMaster = async (script: string): Promise<string> => {
    const { ok, stdout, stderr } = await lab.on('master', script);
    expect(ok, stderr).toBe(true);
    return stdout;
  };
  /** The first bytes of every Secret in etcd. */
  const raw = async (): Promise<string[]> => {
    const json = await onMaster(`${ETCDCTL} get --prefix /registry/secrets/ -w json`);
    const { kvs = [] } = JSON.parse(json) as { kvs?: { value: string }[] };
    return kvs.map(({ value }) => Buffer.from(value, 'base64').subarray(0, 40).toString('latin1'));
  };
  const word = async (): Promise<string> =>
    Buffer.from(
      await lab.kubectl(['get', 'secret', 'canary', '-o', 'jsonpath={.data.word}']),
      'base64',
    ).toString();

  it('has nothing wrong by the CIS benchmark', async () => {
    expect(await verified()).toEqual({ code: 0, wrong: [], remedies: [] });
  });

  it('an opened file and a changed flag are found, and repaired by a run', async () => {
    await onMaster(`chmod 644 /etc/kubernetes/admin.conf
sed -i 's/--profiling=false/--profiling=true/' /etc/systemd/system/kube-apiserver.service
systemctl daemon-reload && systemctl restart kube-apiserver`);
    const found = await verified();
    expect(found).toMatchObject({ code: 1, wrong: ['master CIS 1.1.13', 'master CIS 1.2.15'] });
    expect(found.remedies).toEqual(['hardway up']);
    await up();
    expect(await verified()).toMatchObject({ code: 0, wrong: [] });
  });

  it('Secrets are encrypted in the database, on its disk too, and readable after three runs', async () => {
    const values = await raw();
    expect(values.length).toBeGreaterThan(0);
    expect(values.filter((value) => !value.startsWith('k8s:enc:secretbox:v1:key1:'))).toEqual([]);
    const files = `cat > /run/word; grep -rlaFf /run/word /var/lib/etcd ${AUDIT} | wc -l; rm /run/word`;
    expect((await onMaster(`${files} <<'EOF'\n${PLAIN}\nEOF`)).trim()).toBe('0');
    for (let runs = 0; runs < 3; runs += 1) await up();
    expect(await word()).toBe(PLAIN);
  });

  it('a lost key stops the run, and no other one is made', async () => {
    renameSync(keyFile, `${keyFile}.away`);
    for (const verb of ['plan', 'up']) {
      const { code, output } = await lab.hardway(verb);
      expect([code, output]).toEqual([1, expect.stringContaining('a new one is never made silently')]);
      expect(existsSync(keyFile)).toBe(false);
    }
    renameSync(`${keyFile}.away`, keyFile);
    expect((await lab.hardway('plan')).code).toBe(0);
    expect(await word()).toBe(PLAIN);
  });

  /** Kills the rotation as soon as it says this. */
  const killedAt = (saying: string): Promise<NodeJS.Signals | null> =>
    new Promise((resolve, reject) => {
      const words = [join(lab.folder, 'dist/hardway.js'), 'security', 'rotate-key'];
      const child = spawn(process.execPath, words, { cwd: lab.folder, stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(saying)) child.kill('SIGKILL');
      });
      child.on('error', reject);
      child.on('close', (_, signal) => resolve(signal));
    });

  it('rotate-key rewrites every Secret; killed anywhere it goes on, and a run between breaks nothing', async () => {
    expect(await killedAt('2/5')).toBe('SIGKILL');
    await up();
    expect(await killedAt('3/5')).toBe('SIGKILL');
    await up();
    expect(await word()).toBe(PLAIN);
    expect(await killedAt('5/5')).toBe('SIGKILL');
    const { code, output } = await lab.hardway('security', 'rotate-key');
    expect(code, output).toBe(0);
    expect(output).toContain('going on with the rotation that was begun');
    expect((await raw()).filter((value) => !value.startsWith('k8s:enc:secretbox:v1:key2:'))).toEqual([]);
    expect(await onMaster('grep name: /etc/kubernetes/encryption.yaml')).toMatch(/^ *- name: key2\n$/);
    expect((JSON.parse(readFileSync(keyFile, 'utf8')) as object[]).length).toBe(1);
    expect(await word()).toBe(PLAIN);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  /** Who found no API several times in a row looks again after half a minute only, and nodes are missed even later. */
  const recovered = () => until(async () => (await lab.hardway('up')).code === 0, 110);

  it('another way of encrypting waits for rotate-key, and says so', async () => {
    secure({ profile: 'hardened', encryption: 'aescbc' });
    await recovered();
    expect(await up()).toContain('security.encryption aescbc waits for: hardway security rotate-key');
    expect((await raw())[0]).toContain('secretbox');
    expect((await lab.hardway('security', 'rotate-key')).code).toBe(0);
    expect((await raw()).filter((value) => !value.startsWith('k8s:enc:aescbc:v1:key3:'))).toEqual([]);
    expect(await word()).toBe(PLAIN);
  });

  it('a privileged pod is refused, but where an exemption says why', async () => {
    const run = (namespace: string) =>
      lab.kubectl([
        ...['run', 'strong', '--image=x', '--privileged', '--dry-run=server', '--namespace', namespace],
      ]);
    await expect(run('default')).rejects.toThrow(/violates PodSecurity "baseline:latest": privileged/);
    expect(await run('kube-system')).toContain('pod/strong created');
  });

  const audited = async (word: string): Promise<string> =>
    onMaster(`cat ${AUDIT}/*.log | grep -F '${word}'; true`);

  it('the audit log has the exec, and the Secret without its content', async () => {
    const version = [
      'exec',
      '--namespace',
      'kube-system',
      'deployment/coredns',
      '--',
      '/coredns',
      '-version',
    ];
    await lab.kubectl(version).catch(() => undefined);
    expect(await audited('"subresource":"exec"')).toContain('command=');
    const other = `${PLAIN}-other`;
    await lab.kubectl(['create', 'secret', 'generic', 'noted', `--from-literal=word=${other}`]);
    const lines = await audited('"name":"noted"');
    expect(lines).toContain('"verb":"create"');
    expect(lines).toContain('"level":"Metadata"');
    for (const form of [other, Buffer.from(other).toString('base64')]) expect(await audited(form)).toBe('');
  });

  it('the audit log begins a new file at its size, and keeps as many as it may', async () => {
    await recovered();
    secure({ profile: 'hardened', encryption: 'aescbc', audit: { megabytes: 1, files: 2 } });
    await up();
    const client = '/etc/kubernetes/pki/apiserver-kubelet-client';
    const ask = `curl -sk --cert ${client}.crt --key ${client}.key -o /dev/null "https://127.0.0.1:6443/api/v1/namespaces/default/configmaps/[1-400]${'x'.repeat(3000)}"`;
    await onMaster(ask);
    const files = (await onMaster(`ls -l ${AUDIT} | awk 'NR > 1 { print $1, $5 }'`)).trim().split('\n');
    expect(files.length).toBeGreaterThan(1);
    expect(files.length).toBeLessThanOrEqual(3);
    for (const [mode, size] of files.map((line) => line.split(' '))) {
      expect(mode).toBe('-rw-------');
      expect(Number(size)).toBeLessThanOrEqual(2 ** 20);
    }
    const { wrong, remedies } = await verified();
    expect(wrong).toEqual(['master CIS 1.2.18', 'master CIS 1.2.19']);
    expect(remedies).toEqual(['security.audit.files', 'security.audit.megabytes']);
  });

  it('at the end a run finds nothing to do', async () => {
    const plan = await told(lab, 'plan');
    expect([plan.code, plan.changes], plan.output).toEqual([0, []]);
  });
});
