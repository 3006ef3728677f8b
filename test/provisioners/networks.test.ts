import { describe, expect, it } from 'vitest';
import { certificates } from '../../provisioners/certificates.ts';
import { wantedBy } from '../../provisioners/influences.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import {
  parsePodRoutes,
  POD_ROUTES,
  podRoutes,
  type PodRoute,
  written,
} from '../../provisioners/pod-routes.ts';
import { phases as recipe } from '../../provisioners/recipe.ts';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import { described } from '../property/rig.ts';

/** The text of each file that a machine is given, and each object that is applied from there, by id. */
function wanted(cluster: Cluster, machine: string): ReadonlyMap<string, string> {
  return new Map(
    wantedBy(cluster, machine).map(({ resource }) => [
      resource.id,
      resource
        .steps(null)
        .map((step) => ('put' in step ? String(step.content) : 'gather' in step ? step.item : ''))
        .join(''),
    ]),
  );
}

const phasesOf = (cluster: Cluster, machine: string): string[] => [
  ...new Set(wantedBy(cluster, machine).map(({ phase }) => phase)),
];

const UNIT = 'file:/etc/systemd/system/flanneld.service';
const MANAGER = 'file:/etc/systemd/system/kube-controller-manager.service';

describe('flannel with its store in Kubernetes', () => {
  const cluster = described({ network: { flannel: { store: 'kubernetes' } } });
  const master = wanted(cluster, 'master');
  const minion = wanted(cluster, 'minion-1');

  it('takes the subnet of its Node, with a credential of its own', () => {
    expect(minion.get(UNIT)).toContain('Environment=NODE_NAME=minion-1\n');
    expect(minion.get(UNIT)).toContain('--kube-subnet-mgr');
    expect(minion.get(UNIT)).not.toContain('etcd');
    expect(minion.get('file:/etc/flannel/kubeconfig')).toContain('client-key-data');
  });

  it('the controller-manager gives out the subnets', () => {
    expect(master.get(MANAGER)).toContain('--allocate-node-cidrs=true');
    expect(master.get(MANAGER)).toContain('--node-cidr-mask-size=24');
    expect(wanted(described({}), 'master').get(MANAGER)).toContain('--allocate-node-cidrs=false');
  });

  it('no minion has a credential for etcd, and etcd tells its clients apart all the same', () => {
    const held = certificates(cluster).filter(({ authority }) => authority === 'etcd-ca');
    expect(held.filter(({ name }) => name.startsWith('minion'))).toEqual([]);
    expect([...minion.keys()].filter((id) => id.includes('flannel/pki'))).toEqual([]);
    expect([...master.keys()]).toContain('etcd:users');
    expect([...master.keys()]).not.toContain('etcd:/coreos.com/network/config');
  });

  it('each may change the status of its own Node alone', () => {
    const rules = ['hardway:flannel', 'hardway:flannel:minion-1'].map(
      (name) => (JSON.parse(master.get(`clusterrole:${name}`) ?? '{}') as Manifest)['rules'],
    );
    expect(rules).toEqual([
      [{ apiGroups: [''], verbs: ['get', 'list', 'watch'], resources: ['nodes'] }],
      [{ apiGroups: [''], verbs: ['patch'], resources: ['nodes/status'], resourceNames: ['minion-1'] }],
    ]);
    const user = certificates(cluster).find(({ name }) => name === 'minion-1/flannel');
    expect([user?.commonName, user?.organizations]).toEqual([
      'hardway:flannel:minion-1',
      ['hardway:flannel'],
    ]);
  });

  it('comes after the Nodes', () => {
    const phases = phasesOf(cluster, 'minion-1');
    expect(phases.indexOf('flannel')).toBeGreaterThan(phases.indexOf('kubelet'));
    const usual = phasesOf(described({}), 'minion-1');
    expect(usual.indexOf('flannel')).toBeLessThan(usual.indexOf('kubelet'));
  });
});

describe('routes', () => {
  const cluster = described({ network: { cni: 'routes' } });
  const minion = wanted(cluster, 'minion-1');

  it('has a subnet for each machine, whose pods get addresses of it', () => {
    expect(minion.get(`file:${POD_ROUTES}`)).toBe(
      [
        'master 10.244.1.0/24 192.168.56.11\n',
        'minion-1 10.244.2.0/24 192.168.56.101\n',
        'minion-2 10.244.3.0/24 192.168.56.102\n',
      ].join(''),
    );
    const list = JSON.parse(minion.get('file:/etc/cni/net.d/10-routes.conflist') ?? '{}') as object;
    expect(list).toMatchObject({
      plugins: [{ type: 'bridge', mtu: 1500, ipam: { ranges: [[{ subnet: '10.244.2.0/24' }]] } }, {}],
    });
  });

  it('comes without flannel, before the kubelets', () => {
    expect([...minion.keys()].filter((id) => id.includes('flannel'))).toEqual([]);
    expect(certificates(cluster).filter(({ name }) => name.endsWith('/flannel'))).toEqual([]);
    const phases = phasesOf(cluster, 'minion-1');
    expect(phases.indexOf('routes')).toBeLessThan(phases.indexOf('kubelet'));
  });
});

describe('who has which pod subnet', () => {
  const cluster = (minions: number) =>
    described({
      network: { cni: 'routes', podCidr: '10.244.0.0/22' },
      nodes: [
        { name: 'master', roles: ['etcd', 'master'] },
        { name: 'minion', count: minions, roles: ['minion'] },
      ],
    });
  const three = podRoutes(cluster(2), [], new Map(), 'master');
  const [master, first, second] = three as [PodRoute, PodRoute, PodRoute];
  const gone = cluster(2).nodes.filter(({ name }) => name === 'minion-1');
  const withoutFirst = {
    ...cluster(2),
    nodes: cluster(2).nodes.filter(({ name }) => name !== 'minion-1'),
  };
  const newcomer: Cluster = {
    ...withoutFirst,
    nodes: [...withoutFirst.nodes, { ...cluster(2).nodes[2]!, name: 'other', address: '192.168.56.150' }],
  };
  const told = (routes: readonly PodRoute[]) =>
    routes.map(({ name, subnet }) => `${name} ${subnet.split('.')[2]}`).join(', ');
  const everywhere = (table: readonly PodRoute[], ...machines: string[]) =>
    new Map(machines.map((machine) => [machine, table]));

  const cases: [
    string,
    Cluster,
    Parameters<typeof podRoutes>[1],
    Map<string, readonly PodRoute[]>,
    string,
  ][] = [
    ['new machines: in their order', cluster(2), [], new Map(), 'master 1, minion-1 2, minion-2 3'],
    [
      'a machine that was made anew: as the others know',
      cluster(2),
      [],
      new Map([
        ['master', []],
        ['minion-2', [second, first, master]],
      ]),
      'master 1, minion-1 2, minion-2 3',
    ],
    [
      'one that is away keeps its own, whoever comes',
      cluster(2),
      [],
      everywhere([master, first, second], 'master'),
      'master 1, minion-1 2, minion-2 3',
    ],
    [
      'one that is to leave has its own until it has left',
      withoutFirst,
      gone,
      everywhere(three, 'master', 'minion-1', 'minion-2'),
      'master 1, minion-1 2, minion-2 3',
    ],
    [
      'and so has one that nobody asks to leave',
      withoutFirst,
      [],
      everywhere(three, 'master', 'minion-2'),
      'master 1, minion-1 2, minion-2 3',
    ],
    [
      'who left while this machine was away is forgotten here too; nobody moves',
      withoutFirst,
      [],
      new Map([
        ['master', three],
        ['minion-2', [master, second]],
      ]),
      'master 1, minion-2 3',
    ],
    [
      'what was given back is given to the next',
      newcomer,
      [],
      everywhere([master, second], 'master', 'minion-2'),
      'master 1, minion-2 3, other 2',
    ],
    [
      'a run that was cut off: the machine itself knows best',
      cluster(2),
      [],
      new Map([
        ['master', [master]],
        ['minion-2', [{ ...second, subnet: '10.244.2.0/24' }]],
      ]),
      'master 1, minion-1 3, minion-2 2',
    ],
  ];
  it.each(cases)('%s', (_, described, leaving, tables, expected) => {
    expect(told(podRoutes(described, leaving, tables, 'master'))).toBe(expected);
  });

  it('no subnet is left', () => {
    const tables = everywhere(three, 'master', 'minion-2');
    expect(() => podRoutes(newcomer, [], tables, 'master')).toThrow('has no subnet left');
  });

  it('is what it was when it is read back', () => {
    expect(parsePodRoutes(written(three).trim().split('\n'))).toEqual(three);
  });
});

describe('without kube-proxy', () => {
  const minion = wanted(described({ network: { cni: 'none', kubeProxy: 'disabled' } }), 'minion-1');

  it('neither its files nor its service stay, and it has no credential', () => {
    const things = ['file:/var/lib/kube-proxy/kubeconfig', 'service:kube-proxy.service'];
    expect(things.map((id) => minion.get(id))).toEqual(['', '']);
    const cluster = described({ network: { cni: 'none', kubeProxy: 'disabled' } });
    expect(certificates(cluster).filter(({ name }) => name.endsWith('/proxy'))).toEqual([]);
  });
});

describe('a network plug-in in pods', () => {
  it('comes when there are nodes; add-ons wait for it by its name', () => {
    const cluster = described({ network: { cni: 'none' } });
    const phases = phasesOf(cluster, 'master');
    expect(phases).not.toContain('flannel');
    const needs = (name: string) =>
      recipe(cluster, ['master'], []).find((phase) => phase.name === name)?.needs ?? [];
    expect(needs('kubelet').map(({ name }) => name)).not.toContain('flannelSubnet');
    expect(needs('addons').map(({ description }) => description)).toContain(
      'master to be Ready with a network plug-in, which you bring in addons/ (network.cni "none")',
    );
  });
});

describe('plug-ins that we know', () => {
  const objectsOf = (network: object) =>
    wanted(described({ network: { podCidr: '10.8.0.0/16', ...network } }), 'master');

  it('Calico: with the range of pods, and never on the NAT NIC', () => {
    const daemons = objectsOf({ cni: 'calico', kubeProxy: 'iptables' }).get(
      'daemonset:kube-system/calico-node',
    );
    expect(daemons).toContain('{"name":"CALICO_IPV4POOL_CIDR","value":"10.8.0.0/16"}');
    expect(daemons).toContain('{"name":"IP_AUTODETECTION_METHOD","value":"cidr=192.168.56.0/24"}');
  });

  it('canal: the same, by the address of the Node', () => {
    const objects = objectsOf({ cni: 'canal', kubeProxy: 'iptables' });
    const config = JSON.parse(objects.get('configmap:kube-system/canal-config') ?? '{}') as Manifest;
    expect(config['data']).toMatchObject({
      'net-conf.json': '{"Network":"10.8.0.0/16","Backend":{"Type":"vxlan"}}',
    });
    const daemons = objects.get('daemonset:kube-system/canal') ?? '';
    expect(daemons.match(/\{"name":"FLANNELD_IFACE".*?\}\}\}/g)).toEqual([
      '{"name":"FLANNELD_IFACE","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}}',
    ]);
  });

  it.each([
    ['disabled', 'true'],
    ['iptables', 'false'],
    ['nftables', 'false'],
  ])('kube-router with kube-proxy %s: finds the API without it', (kubeProxy, replaces) => {
    const daemons = objectsOf({ cni: 'kube-router', kubeProxy }).get('daemonset:kube-system/kube-router');
    expect(daemons).toContain(`"--run-service-proxy=${replaces}"`);
    expect(daemons).toContain('"--service-cluster-ip-range=10.96.0.0/16"');
    expect(daemons).toContain('{"name":"KUBERNETES_SERVICE_HOST","value":"api.lab.internal"}');
  });

  it.each([
    ['disabled', 'true'],
    ['nftables', 'false'],
  ])('Cilium with kube-proxy %s: finds the API without it', (kubeProxy, replaces) => {
    const objects = objectsOf({ cni: 'cilium', kubeProxy });
    const config = JSON.parse(objects.get('configmap:kube-system/cilium-config') ?? '{}') as Manifest;
    expect(config['data']).toMatchObject({ 'kube-proxy-replacement': replaces });
    expect(objects.get('daemonset:kube-system/cilium')).toContain(
      '{"name":"KUBERNETES_SERVICE_HOST","value":"api.lab.internal"}',
    );
  });

  it('every image has a version that does not move', () => {
    const networks = [
      { cni: 'calico', kubeProxy: 'iptables' },
      { cni: 'canal', kubeProxy: 'iptables' },
      ...[{ cni: 'cilium' }, { cni: 'kube-router' }],
    ];
    const images = networks.flatMap((network) =>
      [...objectsOf(network).values()].flatMap((text) => [...text.matchAll(/"image":"([^"]+)"/g)]),
    );
    expect(images.map(([, image]) => image).filter((image) => !/:v\d+\.\d+\.\d+$/.test(image ?? ''))).toEqual(
      [],
    );
    expect(images.length).toBeGreaterThan(14);
  });
});

describe('network.policy', () => {
  it.each([
    ['flannel', {}, true],
    ['routes', {}, true],
    ['cilium', {}, false],
    ['canal', { kubeProxy: 'iptables' }, false],
    ['kube-router', {}, false],
  ])('with %s', (cni, more, isAddon) => {
    const { addons } = described({ network: { cni, policy: true, ...more } });
    expect('network-policy' in addons).toBe(isAddon);
  });
});
