import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { namespaces, pollApi } from './support/api-poll.ts';
import { standing } from './support/bring-up.ts';
import { type Certificate, filesThatTrust, listed, serialsOf } from './support/certificates.ts';
import { daemons, makeLab } from './support/lab.ts';

/** A cluster whose certificates grow old, are replaced, and come from another authority, while it works. */
describe('certificates', { timeout: 900_000 }, () => {
  const lab = makeLab('hwt-pki', '192.168.89.0/24');
  const machines = ['master', 'minion-1'];
  const API = '192.168.89.11:6443';
  const list = () => listed(lab);
  const serials = () => serialsOf(lab);
  const served = async (): Promise<string> =>
    (
      await lab.on(
        'master',
        `echo | openssl s_client -connect ${API} 2>/dev/null | openssl x509 -noout -serial`,
      )
    ).stdout;
  const ready = async (): Promise<string> =>
    lab.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}']);
  const done = async (...args: string[]): Promise<string> => {
    const { code, output } = await lab.hardway(...args);
    expect(code, output).toBe(0);
    return output;
  };
  /** The way of logs and exec: the API server calls the kubelet. */
  const kubeletThroughApi = (): Promise<string> =>
    lab.kubectl(['get', '--raw', '/api/v1/nodes/minion-1/proxy/healthz']);
  const kubeconfig = (): string => join(lab.folder, '.hardway', 'kubeconfig');
  const authority = (): string => readFileSync(join(lab.folder, '.hardway', 'pki', 'ca.crt'), 'utf8');

  standing(lab, () =>
    lab.edit(({ nodes }) =>
      nodes.forEach((node) => node.count !== undefined && Object.assign(node, { count: 1 })),
    ),
  );

  it('are listed as they lie on the machines: what openssl says of each, and no other', async () => {
    const found = await list();
    for (const machine of machines) {
      const own = found.filter((one) => one.machine === machine);
      expect(own.map(({ place }) => place)).toContain('/var/lib/kubelet/pki/kubelet-server-current.pem');
      const files = [...new Set(own.map(({ place }) => place))].filter(
        (place) => !/\.conf$|kubeconfig$/.test(place),
      );
      const said = await lab.on(
        machine,
        `for file in ${files.join(' ')}; do echo "$file $(openssl x509 -noout -serial -enddate -in $file | tr '\\n' ' ')"; done`,
      );
      const lines = said.stdout.trim().split('\n');
      expect(lines).toHaveLength(files.length);
      for (const line of lines) {
        const [, place, serial, end = ''] = /^(\S+) serial=(\S+) notAfter=(.*?) ?$/.exec(line) ?? [];
        expect(own).toContainEqual(
          expect.objectContaining({ place, serial, ends: new Date(end).toISOString() }),
        );
      }
    }
  });

  it('one is renewed: the API serves it, nothing is restarted and no other changes', async () => {
    const [before, running] = [await serials(), await Promise.all(machines.map((one) => daemons(lab, one)))];
    const old = await served();
    expect(await done('pki', 'renew', 'master/apiserver')).toContain('done: 2 changes');
    await expect.poll(served, { timeout: 90_000, interval: 1000 }).not.toBe(old);
    const changed = [...(await serials())].filter(([place, serial]) => before.get(place) !== serial);
    expect(changed.map(([place]) => place.split('/').at(-1))).toEqual(['apiserver.crt', 'apiserver.crt']);
    expect(await Promise.all(machines.map((one) => daemons(lab, one)))).toEqual(running);
  });

  it('a further name of the API makes that one anew', async () => {
    const before = await serials();
    lab.edit((description) => Object.assign(description, { controlPlane: { sans: ['api.example.org'] } }));
    await done('up');
    const names = async (): Promise<string> =>
      (
        await lab.on(
          'master',
          `echo | openssl s_client -connect ${API} 2>/dev/null | openssl x509 -noout -ext subjectAltName`,
        )
      ).stdout;
    await expect.poll(names, { timeout: 90_000, interval: 1000 }).toContain('DNS:api.example.org');
    const changed = [...(await serials())].filter(([place, serial]) => before.get(place) !== serial);
    expect(new Set(changed.map(([place]) => place.split('/').at(-1)))).toEqual(new Set(['apiserver.crt']));
  });

  it('a bundle is all that a machine needs: it is a node again without a token', async () => {
    const archive = join(lab.folder, 'minion-1.tar');
    await done('pki', 'bundle', 'minion-1', '--output', archive);
    const wiped = await lab.on(
      'minion-1',
      `systemctl stop kubelet && rm -rf /etc/kubernetes/kubelet.conf /var/lib/kubelet/pki /etc/kubernetes/pki
echo ${readFileSync(archive).toString('base64')} | base64 -d | tar -xpf - -C / && systemctl start kubelet`,
    );
    expect(wiped.ok, wiped.stderr).toBe(true);
    await setTimeout(5000);
    await expect.poll(ready, { timeout: 60_000, interval: 1000 }).toBe('True True');
    const left = await lab.on(
      'minion-1',
      'find / -xdev -name "*.tar" -newermt "-5 minutes" 2>/dev/null | grep minion; true',
    );
    expect(left.stdout).toBe('');
    const up = await done('up');
    expect(up).toContain('done: 0 changes');
  });

  it('another authority takes over while the API is called all the time, and although the run is killed', async () => {
    const [first, old] = [authority(), join(lab.folder, 'old-kubeconfig')];
    copyFileSync(kubeconfig(), old);
    const client = pollApi(lab);
    const cut = spawn(process.execPath, [join(lab.folder, 'dist/hardway.js'), 'pki', 'rotate-ca'], {
      cwd: lab.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await new Promise<void>((resolve) => {
      let said = '';
      cut.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (/2 of 3[\s\S]*file:\/etc\/kubernetes\/admin\.conf/.test(said)) resolve();
      });
      cut.once('exit', () => resolve());
    });
    cut.kill('SIGKILL');
    const rotated = await done('pki', 'rotate-ca');
    expect(rotated).toContain('going on with a rotation of ca that is under way');
    const { good, bad } = await client.stop();
    expect(bad).toEqual([]);
    expect(good).toBeGreaterThan(100);

    expect(authority()).not.toBe(first);
    expect(await namespaces(old), 'the old kubeconfig').not.toBeNull();
    for (const machine of machines) {
      expect(await filesThatTrust(lab, machine, first), machine).toBe('');
    }
    expect(await ready()).toBe('True True');
    // Its connections from before the last step may still be closing.
    await expect.poll(() => kubeletThroughApi().catch(String), { timeout: 30_000 }).toBe('ok');
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it.each(['etcd-ca', 'front-proxy-ca'])('%s is replaced as well, and left nowhere', async (name) => {
    const file = join(lab.folder, '.hardway', 'pki', `${name}.crt`);
    const before = readFileSync(file, 'utf8');
    await done('pki', 'rotate-ca', name);
    expect(readFileSync(file, 'utf8')).not.toBe(before);
    for (const machine of machines) expect(await filesThatTrust(lab, machine, before), machine).toBe('');
    expect(await ready()).toBe('True True');
    expect(await lab.kubectl(['get', '--raw', '/readyz'])).toBe('ok');
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('with the masters as signers kubelets live on, expiry after expiry, without any run', async () => {
    lab.edit((description) =>
      Object.assign(description, {
        pki: { signer: 'cluster' },
        controlPlane: { extraArgs: { 'kube-controller-manager': { 'cluster-signing-duration': '2m' } } },
      }),
    );
    const names = machines.flatMap((name) => [`${name}/kubelet-client`, `${name}/kubelet-server`]);
    await done('pki', 'renew', ...names);
    const own = async (): Promise<readonly Certificate[]> =>
      (await list()).filter(({ place }) => place.startsWith('/var/lib/kubelet/pki/'));
    const last = Math.max(...(await own()).map(({ ends }) => Date.parse(ends)));
    expect(last - Date.now()).toBeLessThan(130_000);
    await setTimeout(last - Date.now() + 15_000);
    for (const { ends, subject } of await own())
      expect(Date.parse(ends), subject).toBeGreaterThan(Date.now());
    expect(await ready()).toBe('True True');
    expect(await kubeletThroughApi()).toBe('ok');
  });

  it('and what a kubelet should not ask for is denied by them too', async () => {
    const request = await lab.on(
      'minion-1',
      `cd /run && openssl req -new -newkey rsa:2048 -nodes -keyout forged.key -subj '/O=system:nodes/CN=system:node:minion-1' -addext 'subjectAltName=DNS:minion-1,IP:192.168.89.11' 2>/dev/null | base64 -w0; rm -f forged.key`,
    );
    const manifest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'forged' },
      spec: {
        request: request.stdout.trim(),
        signerName: 'kubernetes.io/kubelet-serving',
        usages: ['digital signature', 'key encipherment', 'server auth'],
      },
    };
    const asNode = '/usr/local/bin/kubectl --kubeconfig=/etc/kubernetes/kubelet.conf';
    const made = await lab.on(
      'minion-1',
      `PATH=$PATH:/usr/local/bin; command -v kubectl >/dev/null || exit 9; echo '${JSON.stringify(manifest)}' | ${asNode} create -f -`,
    );
    if (made.code === 9)
      await lab.kubectl(
        ['create', '--as=system:node:minion-1', '--as-group=system:nodes', '-f', '-'],
        JSON.stringify(manifest),
      );
    else expect(made.ok, made.stderr).toBe(true);
    const answer = (): Promise<string> =>
      lab.kubectl([
        'get',
        'csr',
        'forged',
        '-o',
        'jsonpath={.status.conditions[*].type} {.status.certificate}',
      ]);
    await expect.poll(answer, { timeout: 60_000, interval: 1000 }).toBe('Denied ');
  });

  it('given back to the operator’s side, no signing key is left on the master', async () => {
    lab.edit((description) => Object.assign(description, { pki: {}, controlPlane: {} }));
    await done('up');
    const left = await lab.on(
      'master',
      'ls /etc/kubernetes/pki/signer.* /etc/systemd/system/hardway-approver.service 2>/dev/null; true',
    );
    expect(left.stdout).toBe('');
  });

  it('all of them expired: one run and the cluster is Ready, under the same authority', async () => {
    const before = authority();
    lab.edit((description) => Object.assign(description, { pki: { leafValidity: '2m' } }));
    await done('pki', 'renew', '--all');
    const leaves = (await list()).filter(({ isAuthority }) => !isAuthority);
    await setTimeout(Math.max(...leaves.map(({ ends }) => Date.parse(ends))) - Date.now() + 5000);
    expect((await lab.hardway('pki', 'list')).code).toBe(1);
    expect(await namespaces(kubeconfig())).not.toBeNull();
    const told = await lab.hardway('status');
    expect(told.code).toBe(1);
    expect(told.output).toContain('has expired on');

    // With other keys than before, at that.
    lab.edit((description) => Object.assign(description, { pki: { algorithm: 'rsa' } }));
    await done('up');
    expect(await ready()).toBe('True True');
    expect(authority()).toBe(before);
    const key = await lab.on('master', 'openssl x509 -noout -text -in /etc/kubernetes/pki/apiserver.crt');
    expect(key.stdout).toContain('Public-Key: (2048 bit)');
    expect((await lab.hardway('plan')).code).toBe(0);
    expect(await done('status')).toMatch(/next certificate to end: .* in 36\d d\n+all is well/);
  });
});
