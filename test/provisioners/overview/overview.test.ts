import { describe, expect, it } from 'vitest';
import { judged } from '../../../provisioners/overview/overview.ts';
import { question } from '../../../provisioners/overview/question.ts';
import { seen } from '../../../provisioners/overview/seen.ts';
import { ranked } from '../../../src/cli/overview.ts';
import { isWell, screen } from '../../../src/cli/screen.ts';
import { derive } from '../../../src/cluster/derive.ts';
import type { Description, NodeEntry } from '../../../src/cluster/description.ts';
import type { Cluster, Node } from '../../../src/cluster/model.ts';
import { localConnection } from '../../../src/connection/local.ts';
import { cluster } from '../machines.ts';
import { type Change, said, sight } from './sample.ts';

const lines = (...changes: Change[]) => ranked(judged(cluster, sight(...changes)).lines);
const idsOf = (is: string, ...changes: Change[]): string[] =>
  lines(...changes)
    .filter((line) => line.is === is)
    .map(({ id }) => id);

const master = cluster.nodes[0]!;
const apiId = `api/${master.address}:6443`;
const stopped = (machine: string, unit: string): Change => [
  machine,
  new RegExp(`^unit=${unit} active`),
  `unit=${unit} inactive`,
];
const noApi: Change[] = [
  ['master', /^(api|node|workload|resolver)=.*/],
  ['master', /^looked=/, 'silence=etcd does not answer\nlooked='],
  ...cluster.nodes.map(({ name }): Change => [name, /^(path=\S+) 200/, '$1 500']),
];

describe('status', () => {
  it('finds nothing when all is well', () => {
    expect(lines().filter(({ is }) => is !== 'well')).toEqual([]);
    expect(isWell(judged(cluster, sight()))).toBe(true);
  });

  it('fits on one screen, and says what was seen', () => {
    const shown = screen(judged(cluster, sight()));
    expect(shown.split('\n').length).toBeLessThan(24);
    for (const said of [
      /^master +Ready +etcd,master +192\.168\.56\.11 +v1\.36\.4 +66 min$/m,
      /✓ +etcd +1 of 1 members answer, master leads, 4\.0 MB/,
      /✓ +pods +6 of 6 ways between machines carry 1450 bytes in one packet, slowest 0\.25 ms/,
      /✓ +components +16 of 16 services run and answer/,
      /✓ +add-ons +coredns: 2 of 2 replicas are ready/,
      /^all is well$/m,
    ])
      expect(shown).toMatch(said);
  });

  const shape = (more: Description): Cluster => derive({ network: { cni: 'routes' }, ...more }, '/');
  const apart: readonly NodeEntry[] = [
    { name: 'etcd', roles: ['etcd'] },
    { name: 'master', roles: ['master'] },
    { name: 'minion', count: 2, roles: ['minion'] },
  ];
  it.each<[string, Cluster, ways: number]>([
    ['machines of etcd alone', shape({ nodes: apart }), 6],
    ['masters that are no nodes', shape({ controlPlane: { registerNode: false } }), 2],
  ])('wants pods only where they can be: %s', (_, of, ways) => {
    const all = new Map(of.nodes.map(({ name }) => [name, seen(said(name, of).join('\n'))!]));
    const { lines: found } = judged(of, all);
    expect(found.filter(({ is }) => is !== 'well')).toEqual([]);
    expect(found.filter(({ group }) => group === 'pods')).toHaveLength(ways);
    const isAsked = ({ roles }: Node) => roles.includes('minion') || roles.includes('master');
    for (const node of of.nodes) expect(question(of, node).includes('name='), node.name).toBe(isAsked(node));
  });

  const broken: [what: string, changes: Change[], wrong: string[]][] = [
    [
      'etcd stopped',
      [stopped('master', 'etcd'), ['master', /^(member|quorum)=.*/], ...noApi],
      ['component/master/etcd'],
    ],
    ['etcd stands still', [['master', /^(member|quorum)=.*/], ...noApi], ['component/master/etcd']],
    [
      'the API server stopped',
      [stopped('master', 'kube-apiserver'), ...noApi],
      ['component/master/kube-apiserver'],
    ],
    ['the API server refuses its administrator', [noApi[0]!, noApi[1]!], [apiId]],
    ['the scheduler stopped', [stopped('master', 'kube-scheduler')], ['component/master/kube-scheduler']],
    [
      'the controller-manager mute',
      [['master', /^answers=kube-controller-manager .*/, 'answers=kube-controller-manager ']],
      ['component/master/kube-controller-manager'],
    ],
    [
      'containerd stopped',
      [
        stopped('minion-1', 'containerd'),
        ['minion-1', /^answers=kubelet 200/, 'answers=kubelet 500'],
        ['master', /^node=minion-1.True.*/, 'node=minion-1|False|v1.36.4|10.0.0.1|container runtime is down'],
      ],
      ['component/minion-1/containerd'],
    ],
    [
      'the kubelet stopped',
      [
        stopped('minion-1', 'kubelet'),
        ['master', /^node=minion-1.True.*/, 'node=minion-1|Unknown|v1.36.4|10.0.0.1|stopped posting'],
      ],
      ['component/minion-1/kubelet'],
    ],
    [
      'a node that is not Ready by itself',
      [['master', /^node=minion-1.True.*/, 'node=minion-1|False|v1.36.4|10.0.0.1|disk pressure']],
      ['node/minion-1'],
    ],
    ['flanneld stopped', [stopped('minion-2', 'flanneld')], ['component/minion-2/flanneld']],
    ['kube-proxy stopped', [stopped('minion-2', 'kube-proxy')], ['component/minion-2/kube-proxy']],
    [
      'CoreDNS scaled to nothing',
      [
        ['master', /coredns\|2\|2/, 'coredns|0|'],
        ['master', /^resolver=.*/],
        ...cluster.nodes.map(({ name }): Change => [name, /^name=.*/, 'name=']),
      ],
      ['add-on/kube-system/coredns'],
    ],
    [
      'another part of a built-in add-on scaled to nothing',
      [['master', /^(workload=.*coredns)$/, 'workload=Deployment|kube-system|second|0||coredns']],
      ['add-on/kube-system/second'],
    ],
    ['DNS silent on one machine', [['minion-1', /^name=.*/, 'name=']], ['dns']],
    ['no such name', [['minion-1', /^name=.*/, 'name= 72 87 129 131 0 1 0 0 0 0 0 0']], ['dns']],
    [
      'the way to one machine cut, and with it the way to DNS',
      [
        ['minion-1', /^(way=\S+) full.*/, '$1 none'],
        ['minion-1', /^name=.*/, 'name='],
        ['master', /^(way=10.244.1.0\/24) full.*/, '$1 none'],
        ['minion-2', /^(way=10.244.1.0\/24) full.*/, '$1 small'],
      ],
      ['pods/master/minion-1', 'pods/minion-1/master', 'pods/minion-1/minion-2', 'pods/minion-2/minion-1'],
    ],
    [
      'a machine destroyed',
      [
        ['minion-2', /^looked=.*/],
        ['master', /^node=minion-2.True.*/, 'node=minion-2|Unknown|v1.36.4|10.0.0.1|x'],
        ['master', /coredns\|2\|2/, 'coredns|2|1'],
      ],
      ['machine/minion-2'],
    ],
    [
      'another release on one machine',
      [['minion-1', /^unit=kubelet active .*/, 'unit=kubelet active 1.36.3']],
      ['versions'],
    ],
  ];
  it.each(broken)('%s: exactly its line is wrong', (_, changes, wrong) => {
    expect(idsOf('wrong', ...changes)).toEqual(wrong);
    expect(isWell(judged(cluster, sight(...changes)))).toBe(false);
  });

  it('tells the cause once, and how much follows from it', () => {
    const shown = screen(
      judged(cluster, sight(stopped('master', 'etcd'), ['master', /^(member|quorum)=.*/], ...noApi)),
    );
    expect(shown.match(/^✗ \S.*?: /gm)).toEqual(['✗ etcd on master: ']);
    expect(shown).toMatch(/from it follows: \d lines \(etcd, api, nodes, add-ons\)/);
    expect(shown).toMatch(/→ hardway up starts it again/);
  });

  it('knows nothing when no machine is there, and says which', () => {
    expect(ranked(judged(cluster, new Map()).lines).map(({ id, is }) => `${id} ${is}`)).toEqual(
      cluster.nodes.map(({ name }) => `machine/${name} wrong`),
    );
  });

  it('a machine that is there and cannot say is not called absent', () => {
    const [, minion] = cluster.nodes;
    const some = sight([minion!.name, /^looked=.*/]);
    const { lines } = judged(cluster, some, new Map([[minion!.name, 'limit: sh: not found']]));
    const line = lines.find(({ id }) => id === `machine/${minion!.name}`);
    expect(line).toMatchObject({
      is: 'wrong',
      found: 'is there, but could not be asked: limit: sh: not found',
    });
  });

  it('an API that is ready and tells nothing yet is not well', () => {
    expect(idsOf('wrong', noApi[0]!)).toEqual(['add-ons']);
    expect(idsOf('unknown', noApi[0]!)).toEqual(cluster.nodes.map(({ name }) => `node/${name}`));
    expect(isWell(judged(cluster, sight(noApi[0]!)))).toBe(false);
  });

  it('cannot say what it cannot ask: a machine without ping is no fault', () => {
    const found = lines(['minion-1', /^(way=\S+) full.*/, '$1 noping']);
    expect(found.filter(({ is }) => is === 'unknown').map(({ id }) => id)).toEqual([
      'pods/minion-1/master',
      'pods/minion-1/minion-2',
    ]);
  });

  it('asks with a script that every machine understands to its end', async () => {
    const { stdout } = await localConnection().run(question(cluster, master), { limit: 60 });
    expect(seen(stdout)?.units.get('kubelet')?.state).toBeDefined();
  }, 60_000);
});
