import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explained, meantBy } from '../../provisioners/explain.ts';
import { FLAGS } from '../../provisioners/flags.ts';
import { phases } from '../../provisioners/recipe.ts';
import { fieldPaths, fieldsCalled } from '../../src/cluster/fields.ts';
import { cluster } from './machines.ts';

const names = cluster.nodes.map(({ name }) => name);
const golden = join(import.meta.dirname, '../golden');
const sentence = /^[A-ZÀ-Ý/].{8,}\.$/;

/** Every flag that a unit of the golden files gives a program. */
const emitted = readdirSync(golden, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.service'))
  .flatMap((path) => {
    const start = readFileSync(join(golden, path), 'utf8').split('\nExecStart=')[1] ?? '';
    const program = start.split(' ')[0]?.split('/').at(-1) ?? '';
    return [...start.matchAll(/ --([a-z0-9-]+)/g)].map(([, flag]) => `${program} --${flag}`);
  });
const programs = [...new Set(emitted)].sort();

describe('hardway explain', () => {
  it('finds flags in the golden units', () => expect(programs.length).toBeGreaterThan(90));

  it.each(programs)('%s: says what it is for, its value, its file and its page', (name) => {
    const [program = '', flag = ''] = name.split(' ');
    const told = explained(cluster, [flag]).find(({ title }) => title === name);
    expect(told?.says).toMatch(sentence);
    expect(told?.says).not.toContain('extraArgs');
    const facts = new Map(told?.facts);
    expect(facts.get('file')).toBe(`/etc/systemd/system/${program}.service`);
    expect(facts.get('page')).toMatch(/^https:\/\//);
    expect(facts.get('value')).toMatch(/ \((master|minion-1)\)$/);
  });

  it('a flag of a static pod: the file is the pod’s', () => {
    const pods = { ...cluster, controlPlane: { ...cluster.controlPlane, style: 'static-pods' as const } };
    const told = explained(pods, ['--bind-address']).find(({ title }) => title.startsWith('kube-scheduler'));
    const facts = new Map(told?.facts);
    expect([facts.get('value'), facts.get('file')]).toEqual([
      '127.0.0.1 (master)',
      '/etc/kubernetes/manifests/kube-scheduler.yaml',
    ]);
  });

  it('explains no flag that nobody emits, but for those of settings that are off here', () => {
    const optional = [
      ...['cert-file', 'key-file', 'duration'].map(
        (end) => `kube-controller-manager --cluster-signing-${end}`,
      ),
      'kube-controller-manager --node-cidr-mask-size',
      ...['kube-subnet-mgr', 'kubeconfig-file', 'net-config-path'].map((flag) => `flanneld --${flag}`),
    ];
    const table = Object.entries(FLAGS).flatMap(([program, { flags }]) =>
      Object.keys(flags).map((flag) => `${program} --${flag}`),
    );
    expect(table.filter((name) => !programs.includes(name) && !optional.includes(name))).toEqual([]);
  });

  it.each(phases(cluster, names, []))(
    'phase $name: what it does, where, what it makes, its page',
    (phase) => {
      const [told, ...more] = explained(cluster, [phase.name]);
      expect(more.filter(({ title }) => title !== `${phase.name} in cluster.json`)).toEqual([]);
      expect(told?.title).toBe(`phase ${phase.name}`);
      expect(told?.says).toMatch(sentence);
      expect(told?.facts).toEqual(expect.arrayContaining([['page', phase.docs]]));
      expect(told?.facts.filter(([label]) => label === 'stage')).toHaveLength(phase.stages.length);
    },
  );

  it('a unit: its unit file with its flags, and its service', () => {
    const [file, service] = explained(cluster, ['kubelet.service']);
    expect([file?.title, service?.title]).toEqual([
      'file:/etc/systemd/system/kubelet.service',
      'service:kubelet.service',
    ]);
    expect(file?.facts).toEqual(
      expect.arrayContaining([
        ['flag', '--node-ip'],
        ['rights', '0600 root:root'],
        ['on', 'master, minion-1, minion-2'],
        ['key', 'nodes.master.address'],
      ]),
    );
  });

  it('a file: why, on which machines, with which rights, and the keys behind it', () => {
    const [told] = explained(cluster, ['/etc/kubernetes/kubelet.d/taints.conf']);
    expect(told).toEqual({
      title: 'file:/etc/kubernetes/kubelet.d/taints.conf',
      says: 'No pod may come before the node has its taints: it registers with them.',
      facts: expect.arrayContaining([
        ['phase', 'kubelet'],
        ['rights', '0600 root:root'],
        ['key', 'controlPlane.schedulable'],
        ['key', 'nodes.master.taints'],
      ]) as unknown,
    });
  });

  it('a role: each process with its ports, each file with its rights', () => {
    const [told] = explained(cluster, ['role', 'master']);
    expect(told?.facts).toEqual(
      expect.arrayContaining([
        ['process', 'kube-apiserver.service  6443/tcp'],
        ['process', 'kube-scheduler.service  10259/tcp on loopback'],
        ['process', 'kubelet.service  10248/tcp on loopback, 10250/tcp on 192.168.56.11'],
        ['process', 'containerd.service  no port'],
        ['file', '0600 root:root  /etc/kubernetes/admin.conf'],
        ['file', '0755 root:root  /usr/local/bin/kubelet'],
      ]),
    );
    expect(explained(cluster, ['role', 'minion'])[0]?.title).toBe('role minion, as on minion-1 (minion)');
  });

  it.each(['etcd', 'master', 'minion'])(
    'role %s: every process is one that listens or is known not to',
    (role) => {
      const [told] = explained(cluster, ['role', role]);
      const silent = told?.facts.filter(([label, text]) => label === 'process' && text.includes('no port'));
      const known = ['containerd.service', ...(role === 'minion' ? [] : ['hardway-watchdog.service'])];
      expect(silent).toEqual(known.map((unit) => ['process', `${unit}  no port`]));
    },
  );

  it('a flag of somebody’s own comes from cluster.json', () => {
    const own = {
      ...cluster.controlPlane,
      extraArgs: { 'kube-apiserver': { 'min-request-timeout': '300' } },
    };
    const [told] = explained({ ...cluster, controlPlane: own }, ['--min-request-timeout']);
    expect(told?.says).toBe('Comes from controlPlane.extraArgs.kube-apiserver in cluster.json.');
    expect(told?.facts).toContainEqual(['value', '300 (master)']);
  });

  it.each([
    ['--authorisation-mode', '--authorization-mode'],
    ['kubelte', 'kubelet'],
    ['/etc/kubernetes/audit-policy.yml', '/etc/kubernetes/audit-policy.yaml'],
  ])('%s is nothing; perhaps %s was meant', (word, meant) => {
    expect([explained(cluster, [word]), meantBy(cluster, word)]).toEqual([[], meant]);
  });
});

describe('a field of cluster.json', () => {
  const factsOf = (word: string) =>
    explained(cluster, [word]).find(({ title }) => title.endsWith(' in cluster.json'))?.facts ?? [];
  const text = (word: string) => factsOf(word).map(([label, value]) => `${label} ${value}`);

  it.each(fieldPaths)('%s: what it is, what is allowed', (path) => {
    const [field] = fieldsCalled(path);
    expect(field?.description).toMatch(/^[A-Z0-9a-z"].{8,}\.$/s);
    expect(field?.allowed).not.toBe('');
  });

  it.each([
    ['network.kubeProxy', 'allowed "nftables", "iptables", "disabled"'],
    ['network.kubeProxy', 'variable HARDWAY_NETWORK_KUBE_PROXY'],
    ['network.flannel', 'has store'],
    ['timeouts.rollout', 'allowed a whole number from 1 to 3600'],
    ['timeouts.rollout', 'here 180'],
    ['nodes.cpus', 'here 2 (master, minion-1, minion-2)'],
    ['nodes[1].roles', 'here ["minion"] (minion-1, minion-2)'],
    ['nodes.ssh.bastion', 'has host'],
    ['podCidr', 'here "10.244.0.0/16"'],
    ['addons.registry', 'allowed true or false or an object'],
  ])('%s: %s', (word, fact) => expect(text(word)).toContain(fact));

  it('is told after the phase that is called the same', () => {
    expect(explained(cluster, ['kubelet']).map(({ title }) => title)).toEqual([
      'phase kubelet',
      'kubelet in cluster.json',
    ]);
  });

  it('of a list has no variable, and a section no value', () => {
    expect(text('nodes.cpus').join()).not.toContain('variable HARDWAY');
    expect(text('network').filter((line) => line.startsWith('here'))).toEqual([]);
  });

  it('is suggested for what is nearly one', () => {
    expect(meantBy(cluster, 'network.kubeproxi')).toBe('network.kubeProxy');
  });
});
