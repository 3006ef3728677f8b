import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type Asked,
  asked,
  insideName,
  OUTSIDE,
  readThrough,
} from '../../../provisioners/probes/asked.ts';
import {
  type Evidence,
  names,
  nodePorts,
  services,
  sums,
  throughApi,
  ways,
} from '../../../provisioners/probes/judge.ts';
import { cluster } from '../machines.ts';

const nodes = ['master', 'minion-1', 'minion-2'];
const ip = (node: string): string => `10.244.${nodes.indexOf(node)}.9`;
const page = '10.96.7.7:8080';
const next = (node: string): string => nodes[(nodes.indexOf(node) + 1) % 3]!;
const doors = new Map(nodes.map((node) => [node, { node: next(node), door: `10.0.0.1:30000` }]));

const well: Evidence = {
  pods: nodes.map((node) => ({
    ...{ name: `answering-${node}`, part: 'answering', node, ip: ip(node), isRunning: true, reason: '' },
  })),
  asked: new Map(nodes.map((node) => [node, sound(node)])),
  resolvers: ['minion-1', 'minion-2'],
  through: readThrough(
    nodes
      .flatMap((node) => [`logs=${node} 0 90 x on ${node} answers`, `exec=${node} 0 120 ${node}`])
      .join('\n'),
  ),
};

function sound(node: string): Asked {
  const answers: Answer[] = [
    ...nodes.flatMap((to): Answer[] => [
      { kind: 'small', to: ip(to), bytes: 64, milliseconds: 0.3 },
      { kind: 'full', to: ip(to), bytes: 1450, milliseconds: 0.4 },
    ]),
    { kind: 'name', to: insideName(cluster), said: '10.96.0.1', milliseconds: 2 },
    { kind: 'name', to: OUTSIDE, said: '1.2.3.4', milliseconds: 20 },
    { kind: 'page', to: page, said: `answering-${node} on ${node}`, milliseconds: 1 },
  ];
  return { answers, machineKnows: true, door: `answering on ${next(node)}` };
}

/** What `node` found out, but for the answers that `which` chooses. */
function without(node: string, which: (answer: Answer) => boolean, more: Partial<Asked> = {}): Evidence {
  const said = sound(node);
  const answers = said.answers!.map((answer) =>
    which(answer) ? { kind: answer.kind, to: answer.to, error: 'no answer' } : answer,
  );
  return { ...well, asked: new Map([...well.asked, [node, { ...said, answers, ...more }]]) };
}

/** Every finding that is not well. */
const notWell = (evidence: Evidence): string[] =>
  [
    ...ways(evidence),
    ...names(cluster, evidence),
    ...services(evidence, page),
    ...nodePorts(evidence, doors),
    ...throughApi(evidence, 'logs'),
    ...throughApi(evidence, 'exec'),
  ]
    .filter(({ is }) => is !== 'well')
    .map(({ check, machine, id, is }) => `${check} ${is} ${machine}: ${id}`);

describe('the probes', () => {
  it('prove every way, name and door when all is well', () => {
    expect(notWell(well)).toEqual([]);
    expect(ways(well)).toHaveLength(9);
    expect(ways(well)[1]).toMatchObject({
      machine: 'master',
      id: 'pod → pod on minion-1',
      found: '1450 bytes in one packet, 0.4 ms',
    });
  });

  const isName = (to: string) => (answer: Answer) => answer.kind === 'name' && answer.to === to;
  const tables: [what: string, evidence: Evidence, found: string[]][] = [
    [
      'one way is cut',
      without('master', ({ to }) => to === ip('minion-1')),
      ['pods wrong master: pod → pod on minion-1'],
    ],
    [
      'large packets are lost',
      without('master', ({ kind, to }) => kind === 'full' && to === ip('minion-1')),
      ['pods wrong master: pod → pod on minion-1'],
    ],
    [
      'DNS is silent on one node',
      without('minion-1', isName(insideName(cluster))),
      ['dns wrong minion-1: name of the cluster'],
    ],
    [
      'DNS is silent where its way is cut',
      without('master', (answer) => answer.to === ip('minion-2') || isName(insideName(cluster))(answer)),
      ['pods wrong master: pod → pod on minion-2', 'dns excepted master: name of the cluster'],
    ],
    [
      'a name outside is known to the machine alone',
      without('master', isName(OUTSIDE)),
      ['dns wrong master: name outside'],
    ],
    [
      'a name outside is known to nobody',
      without('master', isName(OUTSIDE), { machineKnows: false }),
      ['dns excepted master: name outside'],
    ],
    [
      'a Service does not answer',
      without('minion-2', ({ kind }) => kind === 'page'),
      [`services wrong minion-2: Service ${page}`],
    ],
    [
      'a NodePort does not answer',
      without('master', () => false, { door: '' }),
      ['nodeports wrong minion-1: NodePort 10.0.0.1:30000'],
    ],
    [
      'a NodePort leads elsewhere',
      without('master', () => false, { door: 'answering on minion-2' }),
      ['nodeports wrong minion-1: NodePort 10.0.0.1:30000'],
    ],
    [
      'logs and exec do not come through',
      {
        ...well,
        through: readThrough('logs=minion-1 124 8000 \nexec=minion-1 1 30 error: dial tcp: i/o timeout'),
      },
      ['logs wrong minion-1: logs', 'exec wrong minion-1: exec'],
    ],
  ];
  it.each(tables)('%s: exactly that is found', (_, evidence, found) => {
    expect(notWell(evidence)).toEqual(found);
  });

  it('a pod that does not say anything has proven nothing', () => {
    const mute: Evidence = { ...well, asked: new Map([['master', asked('door=answering on minion-1')]]) };
    expect(notWell(mute).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      ...['pods wrong', 'pods wrong', 'pods wrong', 'dns excepted', 'services wrong'],
    ]);
  });

  it('come to one line each', () => {
    expect(sums(ways(well), { pods: 'pods reach each other' })).toEqual({
      pods: 'pods reach each other: 9 of 9, 1450 bytes in one packet, slowest 0.4 ms',
    });
  });
});
