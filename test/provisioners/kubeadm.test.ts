import { describe, expect, it } from 'vitest';
import { influences } from '../../provisioners/influences.ts';
import { component } from '../../provisioners/kubeadm/component.ts';
import { type Component, components, digestOf } from '../../provisioners/kubeadm/components.ts';
import { certificateKey, clusterConfiguration } from '../../provisioners/kubeadm/configuration.ts';
import { joined } from '../../provisioners/kubeadm/joining.ts';
import {
  kubeletDigest,
  ownKubeletSettings,
  sharedKubeletSettings,
} from '../../provisioners/kubeadm/kubelet-settings.ts';
import { patchFiles } from '../../provisioners/kubeadm/patches.ts';
import { proxyPhase } from '../../provisioners/kubeadm/proxy.ts';
import { ignoredChecks } from '../../provisioners/kubeadm/preflight.ts';
import { membersPhase } from '../../provisioners/kubeadm/members.ts';
import { settingsPhase } from '../../provisioners/kubeadm/phases.ts';
import { refuseSuccession } from '../../provisioners/kubeadm/succession.ts';
import { hasStackedEtcd, speakerOf } from '../../provisioners/kubeadm/topology.ts';
import { phases } from '../../provisioners/recipe.ts';
import { namesOf, type Scope } from '../../provisioners/scope.ts';
import { settled } from '../../provisioners/standing.ts';
import { unaskedScope } from '../../provisioners/unasked.ts';
import { derive } from '../../src/cluster/derive.ts';
import type { Description } from '../../src/cluster/description.ts';
import { type Joining, settledMembership } from '../../provisioners/etcd-members.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { certificateLasting } from './lasting.ts';
import { fakeArtefacts, placeholders } from './scratch.ts';

const cluster = (more: Description = {}): Cluster =>
  derive({ kubernetes: { flavour: 'kubeadm' }, ...more }, '/');
const of = (more: Description = {}, machine = 'master'): Scope =>
  unaskedScope(cluster(more), machine, placeholders, fakeArtefacts(['kubeadm', 'static-pods']), []);

const masters = (count: number): Description => ({
  controlPlane: { endpoint: 'k8s.example.org' },
  nodes: [
    { name: 'master', count, roles: ['etcd', 'master'] },
    { name: 'minion', count: 1, roles: ['minion'] },
  ],
});

describe('one setting changes what it is for, and nothing else', () => {
  const all = components(cluster());
  const digests = (scope: Scope) => [...all.map((name) => digestOf(scope, name)), kubeletDigest(scope)];
  const before = digests(of());
  const flag = (program: string): Description => ({ controlPlane: { extraArgs: { [program]: { v: '3' } } } });
  const patch = (target: Component | 'kubeletconfiguration'): Description => ({
    kubeadm: { patches: [{ target, patch: { metadata: { labels: { a: 'b' } } } }] },
  });
  it.each<[string, Description, (Component | 'kubelet')[]]>([
    ['a flag of the API server', flag('kube-apiserver'), ['kube-apiserver']],
    ['a flag of the scheduler', flag('kube-scheduler'), ['kube-scheduler']],
    ['a flag of the controller-manager', flag('kube-controller-manager'), ['kube-controller-manager']],
    ['how long audit logs are kept', { security: { audit: { days: 7 } } }, ['kube-apiserver']],
    ['a patch of etcd', patch('etcd'), ['etcd']],
    ['a patch of the kubelets', patch('kubeletconfiguration'), ['kubelet']],
    ['a further name of the API', { controlPlane: { sans: ['k8s.example.org'] } }, []],
    ['an add-on', { addons: { 'metrics-server': true } }, []],
  ])('%s', (_, description, expected) => {
    const after = digests(of(description));
    const changed = [...all, 'kubelet'].filter((_name, index) => before[index] !== after[index]);
    expect(changed).toEqual(expected);
  });

  it('the same settings are the same on every master', () => {
    const [one, other] = ['master-1', 'master-2'].map((name) =>
      all.map((component) => digestOf(of(masters(3), name), component)),
    );
    expect(one).toEqual(other);
  });
});

describe('where a kubelet listens', () => {
  const [one, other] = ['master-1', 'master-2'].map((name) => of(masters(3), name));
  it('is for its own machine to be told', () => {
    expect(ownKubeletSettings(one!)).toMatchObject({ address: one!.node.address });
    expect(sharedKubeletSettings(one!.cluster)).not.toHaveProperty('address');
  });
  it('is part of what it is made from', () => {
    expect(kubeletDigest(one!)).not.toBe(kubeletDigest(other!));
    expect(kubeletDigest({ ...one!, node: other!.node })).toBe(kubeletDigest(other!));
  });
});

describe('the last master that serves', () => {
  const leaving = cluster(masters(1)).nodes.filter(({ roles }) => roles.includes('master'));
  it('stays until another one has joined', () => {
    const refused = () => refuseSuccession(cluster(), leaving, { succession: true });
    expect(refused).toThrow('nobody but master-1 serves, and is to leave');
  });
  it.each<[string, Cluster, boolean]>([
    ['may go when others serve', cluster(), false],
    ['may go where kubeadm is not asked', derive({}, '/'), true],
  ])('%s', (_, described, succession) =>
    expect(() => refuseSuccession(described, leaving, { succession })).not.toThrow(),
  );
});

const arriving: Joining = {
  ...{ name: 'master-3', address: '10.0.0.13', lost: null, stale: false, empty: true },
  initialCluster: 'master-3=https://10.0.0.13:2380',
};

it.each<[string, Partial<Joining>, string[]]>([
  [
    'without data makes room and is forgotten',
    { lost: '8e9e05c5' },
    ['master-3 makes room', 'master-3 is forgotten'],
  ],
  ['whom the others went on without makes room', { stale: true }, ['master-3 makes room']],
  ['whose join was cut off makes room', { name: 'master-2' }, ['master-2 makes room']],
  ['that comes anew joins like any other', {}, []],
])('a member %s', (_, more, titles) => {
  const joining = [{ ...arriving, ...more }];
  const three = cluster(masters(3));
  const standing = { membership: { ...settledMembership(three), joining }, fresh: ['master-3'] };
  const stages = membersPhase(three, standing).flatMap((phase) => phase.stages);
  expect(stages.map(({ title }) => title)).toEqual(titles);
});

it('a database is never begun by a master that has joined and has none', () => {
  const made = (data: boolean): string[] => {
    const scope = of(masters(3), 'master-2');
    const facts = { ...scope.facts, etcd: { ...scope.facts.etcd, data } };
    const settings = settingsPhase(scope.cluster, namesOf(scope.cluster.nodes), settled(scope.cluster));
    return (settings.stages[0]?.resources({ ...scope, facts }) ?? []).map(({ id }) => id);
  };
  expect(made(true)).toEqual(expect.arrayContaining(['pod:etcd', 'pod:kube-apiserver']));
  expect(made(false)).toEqual([]);
});

describe('which master makes the cluster, and through which others join', () => {
  const three = cluster(masters(3));
  const all = namesOf(three.nodes);
  const speaker = (present: readonly string[], joining: readonly string[]) =>
    speakerOf({ cluster: three, joining }, present)?.name;
  it.each<[string, string[], string[], string | undefined]>([
    ['nobody has joined: the first', all, all, 'master-1'],
    ['the first is not there yet: nobody else makes a cluster', ['master-2'], ['master-2'], 'master-1'],
    ['others have joined', all, ['master-1'], 'master-2'],
    ['the first has a database of the past', ['master-2', 'master-3', 'master-1'], [], 'master-2'],
    ['the first was built anew', ['master-1', 'master-3'], ['master-1'], 'master-3'],
    ['a minion knows the cluster, its masters are away', ['master-1', 'minion-1'], ['master-1'], undefined],
  ])('%s', (_, present, joining, expected) => expect(speaker(present, joining)).toBe(expected));
});

it.each<[string, string[][], boolean]>([
  ['etcd beside each API server', [['etcd', 'master'], ['minion']], true],
  ['etcd on a machine of its own', [['master'], ['etcd'], ['minion']], false],
  [
    'etcd on all machines',
    [
      ['etcd', 'master'],
      ['etcd', 'minion'],
      ['etcd', 'minion'],
    ],
    false,
  ],
])('%s: made by kubeadm, or handed to it', (_, roles, expected) => {
  const nodes = roles.map((each, index) => ({ name: `m${index}`, roles: each as never }));
  const described = cluster({ nodes });
  expect(hasStackedEtcd(described)).toBe(expected);
  const scope = of({ nodes }, 'm0');
  expect(Object.keys(clusterConfiguration(scope).etcd)).toEqual([expected ? 'local' : 'external']);
});

it('phases are shown in their order', () => {
  const order = (more: Description) => phases(cluster(more), [], []).map(({ name }) => name);
  const [first, rest] = [['host', 'runtime'], order({}).slice(order({}).indexOf('kubeadm-files'))];
  expect(order({}).slice(0, 2)).toEqual(first);
  expect(rest.slice(0, 8)).toEqual([
    ...['kubeadm-files', 'init', 'endpoint', 'access', 'settings', 'join', 'flannel', 'proxy'],
  ]);
});

it.each<[Cluster['network']['kubeProxy'], string[]]>([
  ['iptables', []],
  ['nftables', ['iptables:kube-proxy']],
  ['disabled', ['nftables:kube-proxy', 'iptables:kube-proxy']],
])('with kube-proxy by %s nothing is left of what else it has set', (kubeProxy, expected) => {
  const scope = of({ network: { cni: 'none', kubeProxy } }, 'minion-1');
  const { stages } = proxyPhase(scope.cluster, []);
  const left = stages.at(-1)?.resources(scope) ?? [];
  expect(left.map(({ id }) => id)).toEqual(expected);
});

it('each thing tells the keys behind it, whatever they might be', () => {
  const id = 'file:/etc/flannel/network.json';
  expect(influences(cluster(), 'minion-1', [id]).get(id)).toContain('network.kubeProxy');
});

it('the user’s patches come after ours, in their order, and others go', () => {
  const patches = [
    { target: 'kube-scheduler', patch: {} },
    { target: 'kube-scheduler', type: 'json', patch: [] },
  ] as const;
  const all = patchFiles(of({ kubeadm: { patches } }));
  const names = all.flatMap(({ id }) => /patches\/(kube-scheduler.*)$/.exec(id)?.[1] ?? []);
  expect(names).toEqual([
    ...['kube-scheduler00+strategic.json', 'kube-scheduler01+strategic.json', 'kube-scheduler02+json.json'],
  ]);
  const others = all.at(-1);
  expect(others?.steps({ others: 'etcd07+merge.json' })).toEqual([
    { remove: '/etc/kubernetes/patches/etcd07+merge.json' },
  ]);
});

it('only a machine that cannot pass it is spared a check', () => {
  const asked = (cgroup: 1 | 2, container: boolean) =>
    ignoredChecks(cluster({ kubeadm: { ignorePreflightErrors: ['Mem'] } }), { cgroup, container });
  expect(asked(2, false)).not.toContain('SystemVerification');
  expect(asked(2, true)).toContain('SystemVerification');
  expect(asked(1, false)).toContain('SystemVerification');
  expect(asked(2, false)).toContain('Mem');
});

it('of an etcd apart kubeadm does not ask every member: a quorum is enough', () => {
  const apart = cluster({
    nodes: [
      { name: 'etcd', roles: ['etcd'], count: 3 },
      { name: 'master', roles: ['master'] },
    ],
  });
  const facts = { cgroup: 2, container: false } as const;
  expect(ignoredChecks(apart, facts)).toContain('ExternalEtcdVersion');
  expect(ignoredChecks(cluster(), facts)).not.toContain('ExternalEtcdVersion');
});

describe('a machine has joined', () => {
  const scope = of(masters(3), 'master-2');
  const [first] = scope.cluster.nodes;
  const pki = { ...placeholders, authority: () => ({ signed: () => true }) as unknown as Authority };
  const standing = (output: string) => {
    const { question } = joined({ ...scope, pki }, first!);
    return question.parse(output);
  };
  const certificate = certificateLasting(100);
  it.each<[string, string, string]>([
    ['nothing is there', '', 'there is none'],
    ['all of it', `missing:\n${certificate}`, 'joined'],
    ['cut off before etcd', `missing: etcd.yaml member\n${certificate}`, 'its control plane is unfinished'],
    ['cut off before the certificate', 'missing: etcd.yaml\n', 'there is none'],
  ])('%s', (_, output, expected) => expect(standing(output)).toEqual({ standing: expected }));
});

it('the key of uploaded certificates follows from the authority’s key and the token, and is neither', () => {
  const pki = (keyPem: string) => ({ ...placeholders, authority: () => ({ keyPem }) as Authority });
  const keys = [
    certificateKey({ pki: pki('a'), token: 'x' }),
    certificateKey({ pki: pki('a'), token: 'y' }),
    certificateKey({ pki: pki('b'), token: 'x' }),
  ];
  expect(new Set(keys).size).toBe(3);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
});

it('a pod that another hand has touched is made again, one that runs as it should is left alone', () => {
  const scope = of();
  const { desired, question } = component(scope, 'kube-scheduler');
  const digest = digestOf(scope, 'kube-scheduler');
  expect(question.parse(`kube-scheduler|yes|${digest}`)).toEqual(desired);
  expect(question.parse(`kube-scheduler|no|${digest}`)).not.toEqual(desired);
  expect(question.parse('kube-scheduler|yes|h0')).not.toEqual(desired);
  expect(question.parse(null)).toBeNull();
});
