import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bringUp } from './support/bring-up.ts';
import { mainLab, machines } from './support/main-lab.ts';

describe('what nobody may see', () => {
  const lab = mainLab();
  beforeAll(() => bringUp(lab));

  const etcdctl = (pki: string) =>
    `etcdctl --command-timeout=5s --endpoints=https://192.168.77.11:2379 --cacert=${pki}/ca.crt --cert=${pki}/client.crt --key=${pki}/client.key`;

  it('flannel’s certificate sees its own keys and no Secret', async () => {
    await lab.on('minion-1', 'test -e /tmp/etcdctl || true');
    const own = await lab.on(
      'master',
      `${etcdctl('/etc/flannel/pki')} get --prefix /coreos.com/network/ --keys-only`,
    );
    expect(own.stdout).toContain('/coreos.com/network/config');
    const foreign = await lab.on(
      'master',
      `${etcdctl('/etc/flannel/pki')} get --prefix /registry --keys-only`,
    );
    expect(foreign.ok).toBe(false);
    expect(foreign.stderr).toContain('permission denied');
  });

  it('etcd refuses clients without a certificate, or with one of the cluster CA', async () => {
    const none = await lab.on('minion-1', 'curl -sS -k -m 5 https://192.168.77.11:2379/version');
    expect(none.ok).toBe(false);
    const foreign = await lab.on(
      'master',
      'curl -sS -m 5 --cacert /etc/etcd/pki/ca.crt --cert /etc/kubernetes/pki/apiserver-kubelet-client.crt --key /etc/kubernetes/pki/apiserver-kubelet-client.key https://192.168.77.11:2379/version',
    );
    expect(foreign.ok).toBe(false);
  });

  it('no machine holds the key of an authority', async () => {
    const pki = join(lab.folder, '.hardway', 'pki');
    const authorities = ['ca', 'etcd-ca', 'front-proxy-ca'];
    for (const name of authorities) {
      const key = readFileSync(join(pki, `${name}.key`), 'utf8');
      const line = key.split('\n')[3] ?? '';
      expect(line.length).toBeGreaterThan(40);
      for (const machine of machines) {
        const found = await lab.on(
          machine,
          `grep -rlsF '${line}' /etc /var/lib/kubelet /var/lib/hardway /var/lib/etcd /usr/local /root /home /tmp /run; true`,
        );
        expect(found.stdout, `${name} on ${machine}`).toBe('');
      }
    }
  });

  it('the state directory is closed to others and invisible to git', async () => {
    const closed = (path: string): void => {
      const about = statSync(path);
      expect((about.mode & 0o077).toString(8), path).toBe('0');
      if (about.isDirectory()) for (const name of readdirSync(path)) closed(join(path, name));
    };
    closed(join(lab.folder, '.hardway'));
  });

  it('a forged certificate request is refused, said so, and never signed', async () => {
    const subject = '/O=system:nodes/CN=system:node:minion-1';
    const openssl = [
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      '/dev/null',
      '-subj',
      subject,
    ];
    const request = execFileSync('openssl', openssl, { stdio: ['ignore', 'pipe', 'ignore'] }).toString(
      'base64',
    );
    const signerName = 'kubernetes.io/kube-apiserver-client-kubelet';
    const forged = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'forged' },
      spec: { request, signerName, usages: ['digital signature', 'client auth'] },
    };
    await lab.kubectl(['create', '-f', '-'], JSON.stringify(forged));
    try {
      const plan = await lab.hardway('plan');
      expect(plan.output).toContain('requests:kubelets (open)');
      const up = await lab.hardway('up');
      expect(up.code, up.output).toBe(0);
      expect(up.output).toMatch(/certificate request forged of \S+ refused: .* may not ask for minion-1/);
      const status = await lab.kubectl([
        'get',
        'csr',
        'forged',
        '-o',
        'jsonpath={.status.conditions[*].type}{.status.certificate}',
      ]);
      expect(status).toBe('Denied');
      expect((await lab.hardway('plan')).code).toBe(0);
    } finally {
      await lab.kubectl(['delete', 'csr', 'forged']);
    }
  });
});
