import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  clusterConfiguration,
  documents,
  initConfiguration,
  joinConfiguration,
  proxyConfiguration,
} from '../../provisioners/kubeadm/configuration.ts';
import { sharedKubeletSettings } from '../../provisioners/kubeadm/kubelet-settings.ts';
import { knownArtefacts } from '../../provisioners/known-artefacts.ts';
import { preparePki } from '../../provisioners/pki.ts';
import { unaskedScope } from '../../provisioners/unasked.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { type Description, makeLab } from '../live/support/lab.ts';
import { leftovers } from '../live/support/leftovers.ts';
import { reboot, wellAgain } from '../live/support/power.ts';
import { described } from '../property/rig.ts';

const machines = ['master', 'minion-1'];
const MINION = { name: 'minion', count: 1, roles: ['minion'], cpus: 2, memory: 1536 };

/** A cluster by kubeadm, from its first machine to its second, with everything that a day brings. */
describe('the kubeadm flavour', () => {
  const lab = makeLab('hwt-kadm', '192.168.98.0/24');
  const edit = (change: (description: Description) => void) => lab.edit(change);
  /** Process ids of everything that runs, pods and units alike. */
  const programs = async (machine: string): Promise<Record<string, string>> => {
    const names =
      'etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet flanneld containerd';
    const { stdout } = await lab.on(
      machine,
      `for name in ${names}; do echo "$name $(pgrep -o -f "^(/usr/local/bin/)?$name ")"; done`,
    );
    return Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')),
    );
  };
  /** The same, by machine and name: "master kubelet". */
  const everything = async (): Promise<Record<string, string>> => {
    const all = await Promise.all(machines.map(programs));
    return Object.fromEntries(
      all.flatMap((one, index) =>
        Object.entries(one).map(([name, pid]) => [`${machines[index]} ${name}`, pid]),
      ),
    );
  };
  const up = async (...args: string[]) => {
    const run = await told(lab, 'up', ...args);
    expect(run.code, run.output).toBe(0);
    return run;
  };

  standing(lab, () =>
    edit((description) => {
      description['kubernetes'] = { flavour: 'kubeadm' };
      description['controlPlane'] = { schedulable: true };
      description.nodes = description.nodes.filter(({ name }) => name === 'master');
    }),
  );

  it('a machine more joins, and what ran goes on', async () => {
    const before = await programs('master');
    edit((description) => void description.nodes.push(MINION));
    const run = await lab.npm('run', 'lab');
    expect(run.code, run.output).toBe(0);
    expect(await programs('master')).toEqual(before);
  });

  it('a second run changes nothing and restarts nothing', async () => {
    const before = await Promise.all(machines.map(programs));
    expect((await up()).changes).toEqual([]);
    expect((await lab.hardway('plan')).code).toBe(0);
    expect(await Promise.all(machines.map(programs))).toEqual(before);
  });

  it('kubeadm accepts every file that it is given', async () => {
    const own = loadCluster(join(lab.folder, 'cluster.json'));
    for (const cluster of [own, stacked, apart])
      for (const [machine, file] of await filesFor(cluster)) {
        const seen = await lab.on(
          'master',
          `cat >/tmp/kubeadm.yaml <<'HERE'\n${file}HERE\nkubeadm config validate --config=/tmp/kubeadm.yaml; code=$?; rm /tmp/kubeadm.yaml; exit $code`,
        );
        expect(seen.stdout.trim(), `${machine}: ${seen.stderr}`).toBe('ok');
      }
  });

  it('a machine joins nobody but who has the authority that it was told of', async () => {
    const made = await lab.on(
      'master',
      'kubeadm token create --kubeconfig /etc/kubernetes/admin.conf --ttl 5m',
    );
    const token = made.stdout.trim();
    expect(token, made.stderr).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}$/);
    // Those of an authority that was made for this file alone; on a node that runs, other checks would come first.
    const files = new Map(await filesFor(loadCluster(join(lab.folder, 'cluster.json')), token));
    const file = files
      .get('minion-1')!
      .replace(/ignorePreflightErrors:.*(\n +- .*)*/, 'ignorePreflightErrors: [all]');
    const seen = await lab.on(
      'minion-1',
      `cat >/run/kubeadm.yaml <<'HERE'\n${file}HERE
timeout 100 kubeadm join phase preflight --config=/run/kubeadm.yaml 2>&1; code=$?; rm /run/kubeadm.yaml; exit $code`,
    );
    await lab.on('master', `kubeadm token delete --kubeconfig /etc/kubernetes/admin.conf ${token}`);
    expect(seen.code).not.toBe(0);
    expect(seen.stdout).toMatch(/none of the public keys .* are pinned/);
  });

  it('what joining needed is gone, and in no log', async () => {
    const secrets = await lab.kubectl(['get', 'secrets', '--namespace', 'kube-system', '-o', 'name']);
    expect(secrets).not.toMatch(/bootstrap-token|kubeadm-certs/);
    const seen = await lab.on(
      'master',
      `ls /run/hardway/kubeadm.yaml /etc/kubernetes/super-admin.conf 2>/dev/null
grep -cE '[a-z0-9]{6}\\.[a-z0-9]{16}|certificate key' /var/log/hardway/kubeadm.log
stat -c %a /etc/kubernetes/pki/ca.key /var/log/hardway/kubeadm.log`,
    );
    expect(seen.stdout.split('\n').slice(0, 3)).toEqual(['0', '600', '600']);
  });

  it('a flag shows in its component and nowhere else, a patch where it belongs', async () => {
    const before = await everything();
    edit((description) => {
      description['controlPlane'] = { schedulable: true, extraArgs: { 'kube-scheduler': { v: '3' } } };
      description['kubeadm'] = {
        patches: [{ target: 'kubeletconfiguration', patch: { maxPods: 77 } }],
      };
    });
    const planned = await told(lab, 'plan');
    expect((await up()).changes).toEqual(planned.changes);
    const after = await everything();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed.sort()).toEqual(['master kube-scheduler', 'master kubelet', 'minion-1 kubelet']);
    const { stdout } = await lab.on('master', "tr '\\0' ' ' </proc/$(pgrep -o kube-scheduler)/cmdline");
    expect(stdout).toContain('--v=3');
    const pods = await lab.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].status.capacity.pods}']);
    expect(pods).toBe('77 77');
    expect((await up()).changes).toEqual([]);
  });

  it('each static pod can be patched, and a further name of the API server is in its certificate', async () => {
    const before = await everything();
    edit((description) => {
      description['controlPlane'] = {
        ...(description['controlPlane'] as object),
        sans: ['api.example.org'],
      };
      const labelled = (target: string) => ({ target, patch: { metadata: { labels: { patched: target } } } });
      const operations = [{ op: 'add', path: '/metadata/labels/patched', value: 'kube-apiserver' }];
      description['kubeadm'] = {
        patches: [
          { target: 'kubeletconfiguration', patch: { maxPods: 77 } },
          { target: 'kube-apiserver', type: 'json', patch: operations },
          ...['kube-controller-manager', 'kube-scheduler', 'etcd'].map(labelled),
        ],
      };
    });
    await up();
    const column = 'jsonpath={range .items[*]}{.metadata.labels.patched}{"\\n"}{end}';
    const patched = () =>
      lab.kubectl(['get', 'pods', '-n', 'kube-system', '-l', 'tier=control-plane', '-o', column]);
    await expect
      .poll(async () => (await patched()).trim().split('\n').sort(), { timeout: 60_000 })
      .toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']);
    const names = await lab.on(
      'master',
      'echo | openssl s_client -connect 127.0.0.1:6443 2>/dev/null | openssl x509 -noout -ext subjectAltName',
    );
    expect(names.stdout).toContain('DNS:api.example.org');
    expect((await up()).changes).toEqual([]);
    const after = await everything();
    const same = Object.keys(after).filter((name) => after[name] === before[name]);
    expect(same).toEqual(
      expect.arrayContaining(['master kubelet', 'minion-1 kubelet', 'minion-1 kube-proxy']),
    );
  });

  it('a static pod that another hand has changed is as kubeadm wrote it again', async () => {
    await lab.on('master', "sed -i 's/--v=3/--v=5/' /etc/kubernetes/manifests/kube-scheduler.yaml");
    expect((await up()).changes).toEqual(['master pod:kube-scheduler']);
    const { stdout } = await lab.on('master', "tr '\\0' ' ' </proc/$(pgrep -o kube-scheduler)/cmdline");
    expect(stdout).toContain('--v=3');
  });

  it('kube-proxy may restart: Services stay', async () => {
    const proxy = ['daemonset/kube-proxy', '-n', 'kube-system'];
    await lab.kubectl(['rollout', 'restart', ...proxy]);
    await lab.kubectl(['rollout', 'status', ...proxy, '--timeout=100s']);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
    expect((await up()).changes).toEqual([]);
  });

  it('kube-proxy works in the mode that cluster.json says, and nothing is left of the other', async () => {
    const seen = () =>
      Promise.all(
        machines.map(async (machine) => {
          const { stdout } = await lab.on(machine, `curl -s 127.0.0.1:10249/proxyMode; echo; ${countRules}`);
          return stdout.trim().replace(/[1-9][0-9]*/g, 'some');
        }),
      );
    for (const [mode, rules] of [
      ['iptables', 'iptables\n0 some'],
      ['nftables', 'nftables\nsome 0'],
    ] as const) {
      edit(({ network }) => Object.assign(network, { kubeProxy: mode }));
      const planned = await told(lab, 'plan');
      const run = await up();
      expect([...run.changes].sort()).toEqual([...planned.changes].sort());
      await expect.poll(seen, { timeout: 20_000 }).toEqual([rules, rules]);
      const verified = await lab.hardway('verify');
      expect(verified.code, verified.output).toBe(0);
      expect((await up()).changes).toEqual([]);
    }
  });

  it('a join that was cut off before the node was known is completed', async () => {
    await lab.kubectl(['delete', 'node', 'minion-1']);
    await lab.on(
      'minion-1',
      `systemctl stop kubelet
rm -rf /etc/kubernetes/kubelet.conf /var/lib/kubelet/pki
echo half >/etc/kubernetes/bootstrap-kubelet.conf`,
    );
    expect((await up()).changes).toContain('minion-1 kubeadm:join/minion-1');
    expect((await up()).changes).toEqual([]);
  });

  it('after a reboot of both it is back, with no run in between', async () => {
    await reboot(lab, ...machines);
    await wellAgain(lab, 180);
  });

  it('a minion has more memory by a restart, and leaves when its count says so', async () => {
    edit(({ nodes }) => nodes.forEach((node) => node.name === 'minion' && (node.memory = 2048)));
    expect((await up('--yes')).changes).toContain('minion-1 hardware:minion-1');
    await wellAgain(lab, 120);
    edit(
      (description) => void (description.nodes = description.nodes.filter(({ name }) => name === 'master')),
    );
    await up('--yes');
    expect(await lab.kubectl(['get', 'nodes', '-o', 'name'])).toBe('node/master\n');
  });

  it('down: nothing of it is left on the master, not even rules by iptables', async () => {
    edit(({ network }) => Object.assign(network, { kubeProxy: 'iptables' }));
    await up();
    const down = await lab.hardway('down', '--yes');
    expect(down.code, down.output).toBe(0);
    expect(await leftovers(lab, 'master')).toEqual([]);
  });
});

/** Tables of kube-proxy's own; chains of its among those of iptables. */
const countRules = `echo "$(nft list tables | grep -c ' kube-proxy$') $(nft list chains 2>/dev/null | grep -cE 'chain KUBE-(S|POSTROUTING)')"`;

const several = {
  kubernetes: { flavour: 'kubeadm' },
  network: { machineCidr: '192.168.98.0/24' },
  controlPlane: { endpoint: '192.168.98.5' },
};
/** Further shapes, of which only the files are looked at. */
const stacked = described({
  ...several,
  nodes: [{ name: 'master', count: 3, roles: ['etcd', 'master'] }, MINION],
});
const apart = described({
  ...several,
  nodes: [
    { name: 'etcd', count: 3, roles: ['etcd'] },
    { name: 'master', count: 2, roles: ['master'] },
    MINION,
  ],
});

/** What kubeadm is given on each machine, by its name, with authorities that nobody has. */
async function filesFor(
  cluster: Cluster,
  token = 'abcdef.0123456789abcdef',
): Promise<readonly (readonly [machine: string, file: string])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-kubeadm-'));
  const pki = await preparePki(cluster, folder, true);
  rmSync(folder, { recursive: true });
  const scope = (name: string) => ({
    ...unaskedScope(cluster, name, pki, knownArtefacts(cluster), []),
    token,
  });
  const masters = cluster.nodes.filter(({ roles }) => roles.includes('master'));
  const [first = cluster.nodes[0]!] = masters;
  const founding = documents(
    initConfiguration(scope(first.name), { token, seconds: 60 }),
    clusterConfiguration(scope(first.name)),
    sharedKubeletSettings(cluster),
    proxyConfiguration(scope(first.name)),
  );
  const joining = cluster.nodes
    .filter(({ roles }) => roles.includes('master') || roles.includes('minion'))
    .map(({ name }) => [name, documents(joinConfiguration(scope(name), first))] as const);
  return [['the first master', founding], ...joining];
}
