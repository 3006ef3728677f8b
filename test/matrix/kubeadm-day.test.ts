import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';

/** What a user has in hand every day is the same where kubeadm made the cluster. */
describe('a day with a cluster of kubeadm’s', () => {
  const lab = makeLab('hwt-kday', '192.168.112.0/24');
  const machines = ['master', 'minion-1'] as const;
  const must = async (...words: string[]): Promise<string> => {
    const { code, output } = await lab.hardway(...words);
    expect(code, output).toBe(0);
    return output;
  };
  const jsonpath = (path: string, ...what: string[]): Promise<string> =>
    lab.kubectl(['get', ...what, '-o', `jsonpath=${path}`]);

  standing(lab, () =>
    lab.edit((description) => {
      description['kubernetes'] = { flavour: 'kubeadm' };
      description['addons'] = { coredns: true, 'metrics-server': true, 'local-path': true, traefik: true };
      description.network['dns'] = { domain: 'shop.internal' };
      const [, minion] = description.nodes;
      Object.assign(minion ?? {}, {
        ...{ count: 1, labels: { disk: 'fast' } },
        taints: [{ key: 'gpu', value: 'yes', effect: 'PreferNoSchedule' }],
      });
    }),
  );

  it('add-ons are well, under a domain of one’s own, and everything is proven', async () => {
    expect(await must('status')).toContain(
      'kubernetes.default.svc.shop.internal is known on 2 of 2 machines',
    );
    const verified = await must('verify');
    for (const check of ['etcd', 'components', 'dns', 'storage', 'exec'])
      expect(verified).toMatch(new RegExp(`^✓ ${check}: `, 'm'));
    expect((await told(lab, 'plan')).changes).toEqual([]);
  });

  it('labels and taints are those of the entry; masters keep their own', async () => {
    expect(await jsonpath('{.metadata.labels.disk}', 'node', 'minion-1')).toBe('fast');
    expect(await jsonpath('{.spec.taints[*].key}', 'node', 'minion-1')).toBe('gpu');
    expect(await jsonpath('{.spec.taints[*].key}', 'node', 'master')).toBe(
      'node-role.kubernetes.io/control-plane',
    );
    lab.edit(({ nodes }) => Object.assign(nodes[1] ?? {}, { labels: { disk: 'slow' }, taints: [] }));
    expect((await told(lab, 'up')).changes).toEqual(['master node:minion-1']);
    expect(await jsonpath('{.metadata.labels.disk}{.spec.taints}', 'node', 'minion-1')).toBe('slow');
  });

  it('what is in addons/ comes and goes with the file', async () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'default' } };
    mkdirSync(join(lab.folder, 'addons'), { recursive: true });
    writeFileSync(join(lab.folder, 'addons/mine.yaml'), JSON.stringify(map));
    expect((await told(lab, 'addons', 'apply')).changes).toContain('master configmap:default/mine');
    rmSync(join(lab.folder, 'addons/mine.yaml'));
    expect((await told(lab, 'addons', 'apply')).changes).toEqual(['master inventory:no-longer-wanted']);
    expect(await lab.kubectl(['get', 'configmap', 'mine', '--ignore-not-found'])).toBe('');
  });

  it('an add-on that is off leaves nothing, and comes back', async () => {
    const ours = (): Promise<string> =>
      lab.kubectl(['get', 'all,clusterrole', '-A', '-o', 'name', '-l', 'hardway.dev/addon=metrics-server']);
    await must('addons', 'disable', 'metrics-server');
    expect(await ours()).toBe('');
    await must('addons', 'enable', 'metrics-server');
    expect(await ours()).toContain('deployment.apps/metrics-server');
  });

  it('the database tells how it is, is copied and defragmented', async () => {
    expect(await must('etcd', 'status')).toMatch(
      /\nmaster +192\.168\.112\.11 +healthy +leader .*\n\nhealthy\n$/,
    );
    expect(await must('etcd', 'snapshot', '--to', join(lab.folder, 'copy.db'))).toMatch(
      /copy\.db: .* from master, verified/,
    );
    expect(await must('etcd', 'defrag')).toMatch(/^master: \d+\.\d MiB → \d+\.\d MiB\n$/);
  });

  const broken: [what: string, machine: string, line: string, breaks: string][] = [
    ['kubelet', 'minion-1', 'kubelet', 'systemctl stop kubelet'],
    ...['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'].map(
      (name): [string, string, string, string] => [
        ...([`manifest of ${name}`, 'master', name] as const),
        `rm /etc/kubernetes/manifests/${name}.yaml`,
      ],
    ),
  ];
  it.each(broken)(
    'without the %s on %s: exactly that line is wrong, and a run mends it',
    async (_, machine, line, breaks) => {
      await lab.on(machine, breaks);
      const wrong = async (): Promise<string[]> => {
        const { output } = await lab.hardway('status', '--json');
        const { lines } = JSON.parse(output) as { lines: { id: string; is: string }[] };
        return lines.filter(({ is }) => is === 'wrong').map(({ id }) => id);
      };
      await expect.poll(wrong, { timeout: 90_000 }).toEqual([`component/${machine}/${line}`]);
      await must('up');
      await expect.poll(wrong, { timeout: 120_000 }).toEqual([]);
    },
  );

  it('logs are shown of units and of what runs in pods', async () => {
    expect((await must('logs', 'minion-1', 'kubelet', '--lines', '3')).trim().split('\n')).toHaveLength(3);
    expect((await must('logs', 'master', 'kube-apiserver', '--lines', '3')).trim()).not.toBe('');
  });

  it('who logs in, and `version --nodes`, are told what the programs say', async () => {
    const named = JSON.parse(await must('version', '--nodes', '--json')) as {
      machines: Record<string, Record<string, string>>;
    };
    const login = `su - vagrant -c 'script -qec "bash -l" /dev/null' <<< exit`;
    for (const machine of machines) {
      const seen = await lab.on(machine, `kubelet --version; bash -c ${JSON.stringify(login)}`);
      const version = /^Kubernetes v(\S+)/m.exec(seen.stdout)?.[1];
      expect(seen.stdout).toContain(`kubernetes  v${version}\r\n`);
      expect(named.machines[machine]?.['kubelet']).toBe(version);
    }
  });

  it('the demo shows each step and is gone', async () => {
    expect(await must('demo')).toMatch(/✓ data: outlived its pod: .* visitor 3/);
    expect(await lab.kubectl(['get', 'namespaces', '-o', 'name'])).not.toContain('hardway-');
  });
});
