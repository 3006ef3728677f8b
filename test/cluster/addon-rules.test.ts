import { describe, expect, it } from 'vitest';
import { derive } from '../../src/cluster/derive.ts';
import { problemsOf } from './problems-of.ts';

/** With the machines of the lab: master 192.168.56.11, minions .101 and .102. */
const told = (addons: object): readonly string[] => toldOf({ addons });

const toldOf = (description: object): readonly string[] =>
  problemsOf(description).map((line) => line.replace(/^c\.json:\d+:\d+ /, ''));

const pool = (...addresses: string[]): object => ({ metallb: { addresses } });
const known =
  'coredns, metrics-server, local-path, registry, metallb, traefik, headlamp, network-policy, waitForNodes, or any name with a "chart"';
const range = '192.168.56.0/24 (192.168.56.0 to 192.168.56.255)';

const elsewhere = 'another one, such as 8080; or any with metallb, which gives Traefik an address of its own';

describe('what add-ons are told', () => {
  it.each([
    [{ registry: true, traefik: true, 'local-path': { path: '/srv/volumes' } }],
    [{ registry: { node: 'minion-2', port: 30_600 }, traefik: { nodes: ['minion-1'], port: 8080 } }],
    [pool('192.168.56.200-192.168.56.220', '192.168.56.224/28')],
    [{ metallb: false, registry: false }],
    [{ traefik: { port: 8472 } }],
    [{ ...pool('192.168.56.2-192.168.56.9'), traefik: { port: 6443 } }],
    [{ waitForNodes: 'all' }],
    [{ waitForNodes: 1, tea: { chart: 'charts/tea', namespace: 'kitchen', values: { leaves: 3 } } }],
    [{ tea: { chart: 'https://example.org/tea.tgz', sha256: '0'.repeat(64) } }],
  ])('%j is right', (addons) => {
    expect(told(addons)).toEqual([]);
  });

  it('and does not give away where the API is', () => {
    const controlPlane = { endpoint: '192.168.56.205' };
    const lines = problemsOf({ addons: pool('192.168.56.200-192.168.56.220'), controlPlane });
    expect(lines.join('\n')).toContain(
      '192.168.56.200-192.168.56.220 holds the address of the API, controlPlane.endpoint 192.168.56.205',
    );
  });

  it.each<readonly [addons: object, line: string]>([
    [
      { registry: { node: 'minion-3' } },
      'addons.registry.node: no machine is called "minion-3"; allowed: master, minion-1, minion-2',
    ],
    [
      { traefik: { nodes: ['minion-1', 'nobody'] } },
      'addons.traefik.nodes[1]: no machine is called "nobody"; allowed: master, minion-1, minion-2',
    ],
    ...(
      [
        [22, 'SSH'],
        [6443, 'the API server (controlPlane.port)'],
        [8471, 'flanneld'],
        [10_250, 'the kubelet'],
      ] as const
    ).map(
      ([port, owner]) =>
        [
          { traefik: { port } },
          `addons.traefik.port: ${port} of the machines belongs to ${owner}; allowed: ${elsewhere}`,
        ] as const,
    ),
    [{ metallb: 7, traefik: { port: 22 } }, 'addons.metallb: must be true or false or an object { … }, is 7'],
    [
      pool('192.168.56.1-192.168.56.9'),
      'addons.metallb.addresses[0]: 192.168.56.1-192.168.56.9 holds 192.168.56.1, which belongs to the computer that hosts the machines; allowed: from 192.168.56.2 on',
    ],
    [
      { metallb: true },
      'addons.metallb: which addresses it may give away must be said; allowed: { "addresses": ["<first>-<last>"] }, or false',
    ],
    [
      pool('192.168.57.1-192.168.57.9'),
      `addons.metallb.addresses[0]: 192.168.57.1-192.168.57.9 is not inside network.machineCidr ${range}`,
    ],
    [
      pool('192.168.56.0/24'),
      `addons.metallb.addresses[0]: 192.168.56.0/24 is not inside network.machineCidr ${range}`,
    ],
    [
      pool('192.168.56.220-192.168.56.200'),
      'addons.metallb.addresses[0]: 192.168.56.220-192.168.56.200 ends before it begins',
    ],
    [
      pool('192.168.56.100-192.168.56.110'),
      'addons.metallb.addresses[0]: 192.168.56.100-192.168.56.110 holds addresses of machines: minion-1, minion-2',
    ],
    [
      pool('192.168.56.300-192.168.56.301'),
      'addons.metallb.addresses[0]: 192.168.56.300-192.168.56.301 is neither "first-last" nor a range',
    ],
    [
      { treafik: { port: 8080 } },
      `addons.treafik: unknown add-on; did you mean "traefik"?; allowed: ${known}`,
    ],
    [
      { waitForNode: 1 },
      `addons.waitForNode: unknown add-on; did you mean "waitForNodes"?; allowed: ${known}`,
    ],
    [
      { waitForNodes: 'most' },
      'addons.waitForNodes: "most" is not allowed; allowed: "all" or a whole number',
    ],
    [{ waitForNodes: true }, 'addons.waitForNodes: must be a whole number or text in double quotes, is true'],
    [{ waitForNodes: 0 }, 'addons.waitForNodes: 0 is too small; allowed: 1 to 5000'],
    [{ traefik: { chart: 'charts/mine' } }, 'addons.traefik.chart: unknown key; allowed: nodes, port'],
    [
      { tea: { chart: 'charts/tea', vlaues: {} } },
      'addons.tea.vlaues: unknown key; did you mean "values"?; allowed: chart, sha256, namespace, values',
    ],
    [{ tea: { chart: 7 } }, 'addons.tea.chart: must be text in double quotes, is 7'],
    [
      { Tea: { chart: 'charts/tea' } },
      "addons.Tea: no name for a chart; allowed: at most 53 lower-case letters, digits and '-'",
    ],
    [
      { tea: { chart: 'https://example.org/tea.tgz' } },
      'addons.tea.chart: https://example.org/tea.tgz is downloaded: sha256 must say which file it is',
    ],
  ])('%j is wrong', (addons, line) => {
    expect(told(addons)).toEqual([line]);
  });
});

describe('where add-ons run', () => {
  const apart = [
    { name: 'db', roles: ['etcd'] },
    { name: 'master', roles: ['master'] },
    { name: 'minion', roles: ['minion'] },
  ];
  const at = (name: string) => ({ registry: { node: name }, traefik: { nodes: [name] } });

  it.each<[name: string, registerNode: boolean]>([
    ['minion', false],
    ['master', true],
  ])('%s is a node when controlPlane.registerNode is %j', (name, registerNode) => {
    expect(toldOf({ nodes: apart, controlPlane: { registerNode }, addons: at(name) })).toEqual([]);
  });

  it.each<[name: string, registerNode: boolean, line: string]>([
    ['db', true, 'db is no node of the cluster: the role etcd alone makes none; allowed: master, minion'],
    [
      'master',
      false,
      'master is no node of the cluster: with controlPlane.registerNode false masters are none; allowed: minion',
    ],
    ['nobody', false, 'no machine is called "nobody"; allowed: minion'],
  ])('%s is none when controlPlane.registerNode is %j', (name, registerNode, line) => {
    expect(toldOf({ nodes: apart, controlPlane: { registerNode }, addons: at(name) })).toEqual([
      `addons.registry.node: ${line}`,
      `addons.traefik.nodes[0]: ${line}`,
    ]);
  });
});

describe('with other settings', () => {
  const own = [{ name: 'm', roles: ['etcd', 'master'], ssh: 'admin@192.168.56.9' }];

  it.each<[string, object]>([
    ['flannel’s port without flannel', { network: { cni: 'routes' }, addons: { traefik: { port: 8471 } } }],
    ['6443 where it is not the API’s', { controlPlane: { port: 8443 }, addons: { traefik: { port: 6443 } } }],
    [
      'the first address, of machines of one’s own',
      { nodes: own, addons: pool('192.168.56.1-192.168.56.8') },
    ],
  ])('%s is right', (_, description) => {
    expect(toldOf(description)).toEqual([]);
  });

  it('Traefik has port 80 unless it is told another', () => {
    const line = `addons.traefik.port: 80 of the machines belongs to the API server (controlPlane.port); allowed: ${elsewhere}`;
    expect(toldOf({ controlPlane: { port: 80 }, addons: { traefik: true } })).toEqual([line]);
    expect(toldOf({ controlPlane: { port: 80 }, addons: { traefik: { port: 81 } } })).toEqual([]);
  });
});

it('what is built in and what is a chart is told by the name', () => {
  const { addons, charts, waitForNodes } = derive(
    { addons: { waitForNodes: 2, traefik: true, metallb: false, tea: { chart: 'charts/tea' } } },
    '/',
  );
  expect(addons).toEqual({ coredns: {}, traefik: {} });
  expect(charts).toEqual({ tea: { chart: 'charts/tea', namespace: 'tea', values: {} } });
  expect(waitForNodes).toBe(2);
});
