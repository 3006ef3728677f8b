import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { manifest } from '../../provisioners/resources/manifest.ts';
import { cachedArtefacts } from '../../src/artefacts/artefacts.ts';
import { localConnection } from '../../src/connection/local.ts';
import { rolledOut } from '../../provisioners/rollouts.ts';
import { whyNoApi } from '../../provisioners/diagnosis.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { bringUp } from './support/bring-up.ts';
import { told } from './support/changes.ts';
import { daemons } from './support/lab.ts';
import { mainLab, machines } from './support/main-lab.ts';
import { throttle } from './support/throttle.ts';

/** What is around the cluster's own programs: ports, kernel, resolvers, registries, other writers. */
describe('the world around', () => {
  const lab = mainLab();
  const all = () => Promise.all(machines.map((machine) => daemons(lab, machine)));

  beforeAll(async () => {
    await bringUp(lab);
  });
  afterEach(async () => {
    const plan = await told(lab, 'plan');
    expect([plan.code, plan.changes], plan.output).toEqual([0, []]);
  });

  it('a port that somebody took while ours was down: refused with port, pid and command', async () => {
    // No variable: systemd would put its own in its place.
    const listen =
      'use IO::Socket::INET; @all = IO::Socket::INET->new(LocalPort => 10250, Listen => 1, ReuseAddr => 1); sleep 60';
    await lab.on(
      'minion-1',
      `systemctl stop kubelet; systemd-run --quiet --unit=squatter perl -e '${listen}'; sleep 0.5`,
    );
    const up = await lab.hardway('up');
    await lab.on('minion-1', 'systemctl stop squatter');
    expect(up.code).toBe(1);
    expect(up.output).toMatch(/✗ minion-1: port 10250 is used by pid \d+ \(perl\); the kubelet needs it/);
    const next = await told(lab, 'up');
    expect([next.code, next.changes], next.output).toEqual([0, ['minion-1 service:kubelet.service']]);
  });

  const silences: [what: string, how: string, back: string, said: RegExp][] = [
    [
      'etcd stands still',
      'kill -STOP $(pidof etcd)',
      'kill -CONT $(pidof etcd)',
      /✗ etcd on master: is active, but does not answer/,
    ],
    [
      'the administrator’s credential is not its own',
      `sed -i "s/certificate-authority-data: .*/insecure-skip-tls-verify: true/; s/client-certificate-data: .*/client-certificate: \\/etc\\/etcd\\/pki\\/root.crt/; s/client-key-data: .*/client-key: \\/etc\\/etcd\\/pki\\/root.key/" /etc/kubernetes/admin.conf`,
      '',
      /it answers, but refuses \/etc\/kubernetes\/admin\.conf: .*Unauthorized/,
    ],
  ];
  it.each(silences)('a silent API: status says which when %s', async (_, how, back, said) => {
    await lab.on('master', how);
    const status = await lab.hardway('status');
    await lab.on('master', back);
    // Files of ours are put right by the next run; nothing had to be restarted for that.
    const before = await all();
    expect((await lab.hardway('up')).code).toBe(0);
    expect(status.code, status.output).toBe(1);
    expect(status.output).toMatch(said);
    expect(await all()).toEqual(before);
  });

  it('a silent API whose certificate is another authority’s: the certificate is named', async () => {
    const mine = '/etc/kubernetes/pki/apiserver.crt';
    await lab.on('master', `cp /etc/etcd/pki/server.crt ${mine}`);
    const { stdout } = await lab.on('master', whyNoApi(loadCluster(join(lab.folder, 'cluster.json'))));
    expect((await told(lab, 'up')).changes).toEqual([`master file:${mine}`]);
    expect(stdout).toMatch(`the certificate ${mine} does not do: unable to get local issuer certificate`);
  });

  it('another writer of our objects: what is ours is put back, once', async () => {
    await lab.kubectl(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=other', '-f', '-'],
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns', namespace: 'kube-system' } },
        data: { Corefile: '.:53 {\n}\n' },
      }),
    );
    const up = await told(lab, 'up');
    expect([up.code, up.changes], up.output).toEqual([0, ['master configmap:kube-system/coredns']]);
  });

  it('an API that throttles: what it asks for is waited, and the objects arrive', async () => {
    const door = await throttle(lab);
    try {
      const object = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'throttled', namespace: 'default' },
      };
      const [step] = manifest(object).steps(null);
      if (step === undefined || !('gather' in step)) throw new Error('no apply');
      const program = cachedArtefacts('auto')?.get('kubectl').file ?? 'kubectl';
      const script = step.gather
        .script([step.item])
        .replaceAll(/\S*\/kubectl --kubeconfig=\S+ --cache-dir=\S+/g, `${program} --server=${door.server}`);
      expect(await localConnection().run(script)).toMatchObject({ code: 0 });
      expect(door.sentAway).toEqual([expect.stringMatching(/^PATCH .*\/configmaps\/throttled\?/)]);
      await lab.kubectl(['delete', 'configmap', 'throttled']);
    } finally {
      door.close();
    }
  });

  it('an image that nobody has: the pod’s reason and the image are named', async () => {
    const cluster = loadCluster(join(lab.folder, 'cluster.json'));
    const image = 'registry.invalid/nothing:1';
    const template = {
      metadata: { labels: { app: 'nothing' } },
      spec: { containers: [{ name: 'nothing', image, imagePullPolicy: 'Never' }] },
    };
    const metadata = { name: 'nothing', namespace: 'hardway-world' };
    const items = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hardway-world' } },
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata },
        spec: { selector: { matchLabels: { app: 'nothing' } }, template },
      },
    ];
    await lab.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const { evidence } = rolledOut(cluster, 'hardway-world', 'nothing');
    const end = Date.now() + 60_000;
    for (let said = ''; !said.includes('ErrImageNeverPull');) {
      expect(Date.now(), said).toBeLessThan(end);
      said = (await lab.on('master', evidence?.('master') ?? '')).stdout;
      if (said.includes('Err')) expect(said).toContain(`"${image}"`);
    }
  });
  afterAll(() => lab.kubectl(['delete', 'namespace', 'hardway-world', '--wait=false', '--ignore-not-found']));

  it('a kernel setting that cannot be written: fine while it is right, else named with both values', async () => {
    const lock =
      'mount --bind /proc/sys/net/ipv4 /proc/sys/net/ipv4 && mount -o remount,ro,bind /proc/sys/net/ipv4';
    await lab.on('minion-1', lock);
    expect((await lab.hardway('plan')).code).toBe(0);
    await lab.on('minion-1', `umount /proc/sys/net/ipv4; sysctl -qw net.ipv4.ip_forward=0; ${lock}`);
    const up = await lab.hardway('up');
    await lab.on('minion-1', 'umount /proc/sys/net/ipv4');
    expect(up.code).toBe(1);
    expect(up.output).toContain('minion-1: sysctl:net.ipv4.ip_forward failed');
    expect(up.output).toContain('net.ipv4.ip_forward is 0 and must be 1');
    expect((await lab.hardway('up')).code).toBe(0);
  });

  it('machines that ask only themselves for names: the cluster DNS does without', async () => {
    const good = await lab.on('minion-1', 'cat /etc/resolv.conf');
    const everywhere = (script: string) => Promise.all(machines.map((machine) => lab.on(machine, script)));
    await everywhere('echo nameserver 127.0.0.53 > /etc/resolv.conf');
    try {
      const up = await lab.hardway('up');
      expect(up.code, up.output).toBe(0);
      expect(up.output).toContain('no name server but itself: pods there resolve only names of the cluster');
      await lab.kubectl(['rollout', 'restart', 'deployment/coredns', '--namespace', 'kube-system']);
      await lab.kubectl([
        ...['rollout', 'status', 'deployment/coredns', '--namespace', 'kube-system'],
        '--timeout=60s',
      ]);
    } finally {
      await everywhere(`cat > /etc/resolv.conf <<'EOF'\n${good.stdout}EOF`);
      expect((await lab.hardway('up')).code).toBe(0);
    }
  });

  it('no secret is in anything that a run says, keeps or shows in a process list', async () => {
    const secrets = [
      'cluster-token',
      'pki/ca.key',
      'pki/service-account.key',
      'pki/minion-1/flannel.key',
      'pki/operator/admin.key',
    ].map((file) => {
      const text = readFileSync(join(lab.folder, '.hardway', file), 'utf8').trim();
      return text.includes('KEY') ? (text.split('\n')[2] ?? '') : (text.split('.')[1] ?? '');
    });
    expect(secrets.every((secret) => secret.length >= 16)).toBe(true);
    // Each secret travels in this run: the files are sent anew, and a kubelet joins with the token.
    await lab.on(
      'minion-1',
      `rm /etc/flannel/pki/client.key /var/lib/kubelet/pki/kubelet-client-current.pem
systemd-run --quiet --unit=watcher sh -c 'while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | sort -u >> /run/seen; sleep 0.05; done'`,
    );
    await lab.on('master', 'rm /etc/kubernetes/pki/sa.key');
    const up = await lab.hardway('up', '--verbose');
    const plan = await lab.hardway('plan', '--json');
    const seen = await lab.on(
      'minion-1',
      `systemctl stop watcher; rm -f /run/words; cat >> /run/words <<'EOF'
${secrets.join('\n')}
EOF
wc -l < /run/seen; grep -cFf /run/words /run/seen; grep -rlsFf /run/words /var/log /tmp /root; rm /run/words /run/seen`,
    );
    expect(up.code, up.output).toBe(0);
    expect(seen.stdout).toMatch(/^[1-9]\d+\n0\n$/);
    const journal = readFileSync(join(lab.folder, '.hardway', 'journal.ndjson'), 'utf8');
    for (const secret of secrets) expect([up.output, plan.output, journal].join('\n')).not.toContain(secret);
  });
});
