import { describe, expect, it } from 'vitest';
import { influences, namesOnly, wantedOf } from '../../provisioners/influences.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { parseFacts } from '../../provisioners/facts.ts';
import { nothingOwn } from '../../provisioners/own/own-object.ts';
import { phases } from '../../provisioners/recipe.ts';
import { cluster, factsOf } from './machines.ts';
import { fakeArtefacts } from './scratch.ts';

const { network, controlPlane, kubelet } = cluster;

/** Of everything on one machine at once. */
const tables = new Map(
  cluster.nodes.map(({ name }) => [
    name,
    influences(
      cluster,
      name,
      wantedOf(cluster, name).map(({ id }) => id),
    ),
  ]),
);
const influencesOf = (machine: string, id: string): readonly string[] => tables.get(machine)?.get(id) ?? [];

describe('the keys of cluster.json behind a thing', () => {
  const cases: [string, string, string[]][] = [
    ['master', 'file:/etc/hostname', []],
    ['master', 'service:containerd.service', []],
    ['master', 'file:/etc/kubernetes/authentication.yaml', []],
    [
      'minion-1',
      'file:/var/lib/kubelet/config.yaml',
      ['network.dns.domain', 'network.dns.serviceIP', 'kubelet.failCgroupV1', 'nodes.minion-1.address'],
    ],
    ['minion-1', 'file:/etc/kubernetes/kubelet.d/taints.conf', ['nodes.minion-1.taints']],
    ['master', 'node:master', ['controlPlane.schedulable', 'nodes.master.labels', 'nodes.master.taints']],
    ['minion-1', 'service:kubelet.service', ['network.dns.domain', 'nodes.minion-1.address']],
    ['minion-1', 'file:/var/lib/kube-proxy/config.yaml', ['network.kubeProxy', 'network.podCidr']],
    [
      'master',
      'file:/etc/systemd/system/kube-apiserver.service',
      [
        'controlPlane.extraArgs.kube-apiserver',
        'controlPlane.port',
        'network.serviceCidr',
        'network.dns.domain',
      ],
    ],
    ['master', 'file:/etc/systemd/system/kube-scheduler.service', ['controlPlane.extraArgs.kube-scheduler']],
    [
      'master',
      'service:kube-controller-manager.service',
      ['controlPlane.extraArgs.kube-controller-manager', 'network.podCidr'],
    ],
    [
      'master',
      'file:/etc/kubernetes/pki/apiserver.crt',
      ['controlPlane.sans', 'network.serviceCidr', 'network.dns.domain'],
    ],
    ['minion-1', 'block:/etc/hosts', ['name', 'nodes', 'nodes.minion-1.address']],
    ['minion-1', 'hardware:minion-1', ['nodes.minion-1.cpus', 'nodes.minion-1.memory']],
    [
      'master',
      'etcd:/coreos.com/network/config',
      ['network.podCidr', 'network.flannel.vni', 'network.flannel.backend', 'network.kubeProxy'],
    ],
  ];
  it.each(cases)('on %s, %s', (machine, id, keys) => {
    const found = influencesOf(machine, id);
    if (keys.length === 0) expect(found).toEqual([]);
    expect(found).toEqual(expect.arrayContaining(keys));
  });

  it.each([
    ['minion-1', 'service:kubelet.service', 'controlPlane.extraArgs'],
    ['master', 'file:/etc/systemd/system/kube-apiserver.service', 'controlPlane.extraArgs.kube-scheduler'],
    ['minion-1', 'file:/var/lib/kube-proxy/config.yaml', 'nodes'],
    ['minion-1', 'hardware:minion-1', 'name'],
    ['minion-1', 'file:/var/lib/kubelet/config.yaml', 'nodes.minion-1.taints'],
    ['minion-1', 'service:kubelet.service', 'nodes.minion-1.taints'],
    ['master', 'service:kubelet.service', 'controlPlane.schedulable'],
  ])('on %s, %s follows no %s', (machine, id, key) => {
    const found = influencesOf(machine, id);
    expect(found.filter((one) => one === key || one.startsWith(`${key}.`))).toEqual([]);
  });

  it('are also those that were there and are gone: of several flags, each', () => {
    const flags = { 'kube-apiserver': { v: '2', 'event-ttl': '2h' } };
    const id = 'file:/etc/systemd/system/kube-apiserver.service';
    const described = { ...cluster, controlPlane: { ...controlPlane, extraArgs: flags } };
    const found = influences(described, 'master', [id]).get(id);
    expect(found).toEqual(
      expect.arrayContaining(
        ['', '.v', '.event-ttl'].map((end) => `controlPlane.extraArgs.kube-apiserver${end}`),
      ),
    );
  });

  it.each([[{ coredns: {} }], [{}]])('are the add-ons for what belongs to one, on or off: %j', (addons) => {
    const found = influences({ ...cluster, addons }, 'master', ['deployment:kube-system/coredns']);
    expect([...found.values()]).toEqual([['addons']]);
  });

  it('are none for what nobody wants', () => {
    expect(influences(cluster, 'master', ['file:/etc/motd']).get('file:/etc/motd')).toEqual([]);
  });
});

/** What each machine is to have, by machine and id. */
function wanted(described: Cluster): Map<string, string> {
  const names = described.nodes.map(({ name }) => name);
  const artefacts = fakeArtefacts();
  const found = new Map<string, string>();
  for (const node of described.nodes) {
    const scope = {
      ...{ cluster: described, node, facts: parseFacts(factsOf('vm-cgroup-v2', node.name)), artefacts },
      encryption: [{ name: 'key1', provider: described.security.encryption, secret: '' }],
      ...{
        pki: namesOnly(described),
        own: nothingOwn,
        token: 'id.secret',
        joining: names,
        podRoutes: [],
        hostCpus: 99,
        restart: async () => {},
      },
    };
    for (const { stages, on } of phases(described, names, []))
      for (const stage of stages.filter((one) => (one.on ?? on).includes(node.name)))
        for (const { id, desired } of stage.resources(scope))
          found.set(`${node.name} ${id}`, JSON.stringify(desired));
  }
  return found;
}

const withNode = (more: Partial<Node>): Cluster => ({
  ...cluster,
  nodes: cluster.nodes.map((node) => (node.name === 'minion-1' ? { ...node, ...more } : node)),
});
const withNetwork = (more: Partial<Cluster['network']>): Cluster => ({
  ...cluster,
  network: { ...network, ...more },
});

describe('whatever a key changes names that key', () => {
  const before = wanted(cluster);
  const edits: [string, Cluster][] = [
    ['name', { ...cluster, name: 'shop' }],
    ['network.podCidr', withNetwork({ podCidr: '10.1.0.0/16' })],
    ['network.serviceCidr', withNetwork({ serviceCidr: '10.97.0.0/16', apiServiceIP: '10.97.0.1' })],
    ['network.dns.domain', withNetwork({ dns: { ...network.dns, domain: 'k8s.local' } })],
    ['network.dns.serviceIP', withNetwork({ dns: { ...network.dns, serviceIP: '10.96.0.99' } })],
    ['network.kubeProxy', withNetwork({ kubeProxy: 'iptables' })],
    ['network.flannel.vni', withNetwork({ flannel: { ...network.flannel, vni: 9 } })],
    ['network.flannel.backend', withNetwork({ flannel: { ...network.flannel, backend: 'host-gw' } })],
    ['controlPlane.port', { ...cluster, controlPlane: { ...controlPlane, port: 7443 } }],
    ['controlPlane.sans', { ...cluster, controlPlane: { ...controlPlane, sans: ['k8s.example.org'] } }],
    [
      'controlPlane.extraArgs.kube-scheduler',
      { ...cluster, controlPlane: { ...controlPlane, extraArgs: { 'kube-scheduler': { v: '3' } } } },
    ],
    ['kubelet.failCgroupV1', { ...cluster, kubelet: { ...kubelet, failCgroupV1: true } }],
    ['addons', { ...cluster, addons: {} }],
    ['nodes.minion-1.labels', withNode({ labels: { rack: 'a' } })],
    ['nodes.minion-1.taints', withNode({ taints: [{ key: 'a', value: '', effect: 'NoExecute' }] })],
    ['nodes.minion-1.memory', withNode({ memory: 4096 })],
    ['nodes.minion-1.address', withNode({ address: '192.168.56.77' })],
  ];
  it.each(edits)('%s', (key, edited) => {
    const after = wanted(edited);
    const changed = [...before].filter(([thing, state]) => after.has(thing) && after.get(thing) !== state);
    const missing = changed
      .map(([thing]) => thing.split(' ') as [string, string])
      // A key of one machine is told on that machine; elsewhere it is "nodes", as a whole.
      .filter(([machine, id]) => {
        const keys = influencesOf(machine, id);
        return !keys.includes(key) && !(key.startsWith('nodes.') && keys.includes('nodes'));
      });
    expect(missing).toEqual([]);
    const gone = [...before.keys()].filter((thing) => !after.has(thing));
    expect(changed.length + gone.length).toBeGreaterThan(0);
  });

  it('and why knows all that the recipe wants, but packages of the distribution', () => {
    const known = new Set(
      cluster.nodes.flatMap(({ name }) => wantedOf(cluster, name).map(({ id }) => `${name} ${id}`)),
    );
    const unknown = [...before.keys()].filter((thing) => !known.has(thing));
    expect(unknown.filter((thing) => !/ package:/.test(thing))).toEqual([]);
  });

  it('and tells the version of a program', () => {
    const { version } = fakeArtefacts().get('kubelet');
    const found = wantedOf(cluster, 'minion-1').find(({ id }) => id === 'artefact:/usr/local/bin/kubelet');
    expect(found?.why).toMatch(new RegExp(`^kubelet ${version}, from (releases|modules)$`));
  });
});
