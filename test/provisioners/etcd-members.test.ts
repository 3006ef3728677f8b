import { describe, expect, it } from 'vitest';
import {
  type EtcdFacts,
  type Joining,
  membershipOf,
  parseEtcdFacts,
  parseMember,
  quorumNote,
} from '../../provisioners/etcd-members.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import { announced, votes } from '../../provisioners/resources/etcd-member.ts';
import { cluster as lab } from './machines.ts';

const [first] = lab.nodes as [Node];
const machine = (number: number): Node => ({ ...first, name: `m${number}`, address: `10.0.0.${number}` });
const clusterOf = (...numbers: number[]): Cluster => ({ ...lab, nodes: numbers.map(machine) });

const line = (number: number, learner = false, started = true): string =>
  `a${number}, ${started ? 'started' : 'unstarted'}, ${started ? `m${number}` : ''}, https://10.0.0.${number}:2380, ${started ? `https://10.0.0.${number}:2379` : ''}, ${learner}`;
const members = (...numbers: number[]): string[] => numbers.map((number) => line(number));

const empty: EtcdFacts = parseEtcdFacts([], []);
const starting: EtcdFacts = parseEtcdFacts(['data', 'begun'], []);
const silent: EtcdFacts = parseEtcdFacts(['data'], []);
const standing = (...lines: string[]): EtcdFacts => parseEtcdFacts(['data'], lines);

const machines = (facts: Readonly<Record<string, EtcdFacts>>) =>
  new Map(Object.entries(facts).map(([name, etcd]) => [name, { etcd }]));

describe('a line of etcdctl member list', () => {
  it.each([
    [line(1), { id: 'a1', name: 'm1', address: '10.0.0.1', learner: false, seen: true }],
    [line(2, true), { id: 'a2', name: 'm2', address: '10.0.0.2', learner: true, seen: true }],
    [line(3, true, false), { id: 'a3', name: '', address: '10.0.0.3', learner: true, seen: false }],
  ])('%s', (text, member) => {
    expect(parseMember(text)).toEqual(member);
  });
});

describe('who begins a database', () => {
  it.each([
    ['all that are there', { m1: empty, m2: empty, m3: empty }, ['m1', 'm2', 'm3']],
    ['only they', { m1: empty }, ['m1']],
    [
      'those that had begun when the run was cut off',
      { m1: starting, m2: empty, m3: empty },
      ['m1', 'm2', 'm3'],
    ],
    ['nobody beside one that stands', { m1: silent, m2: empty, m3: empty }, []],
  ])('%s', (_, facts, founding) => {
    expect(membershipOf(clusterOf(1, 2, 3), [], machines(facts)).founding).toEqual(founding);
  });
});

describe('who joins one that stands', () => {
  const names = (numbers: number[], facts: Readonly<Record<string, EtcdFacts>>) =>
    membershipOf(clusterOf(...numbers), [], machines(facts)).joining;

  it('one after another, each finding those before it', () => {
    const joining = names([1, 2, 3], { m1: standing(...members(1)), m2: empty, m3: empty });
    expect(joining).toEqual([
      {
        name: 'm2',
        address: '10.0.0.2',
        lost: null,
        stale: false,
        empty: true,
        initialCluster: 'm1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380',
      },
      {
        ...{ name: 'm3', address: '10.0.0.3', lost: null, stale: false, empty: true },
        initialCluster: 'm1=https://10.0.0.1:2380,m2=https://10.0.0.2:2380,m3=https://10.0.0.3:2380',
      },
    ]);
  });

  it.each([
    ['nobody when all are in it', standing(...members(1, 2, 3)), standing(...members(1, 2, 3)), []],
    [
      'one that was announced before a run was cut off',
      standing(...members(1, 3), line(2, true, false)),
      empty,
      ['m2'],
    ],
    ['one that only learns so far', standing(...members(1, 3), line(2, true)), starting, ['m2']],
    ['nobody whose machine is not there', standing(...members(1, 3)), undefined, []],
  ])('%s', (_, told, second, expected) => {
    const facts = { m1: told, ...(second === undefined ? {} : { m2: second }), m3: told };
    expect(names([1, 2, 3], facts).map(({ name }) => name)).toEqual(expected);
  });

  it('one whose data is lost comes back as another member', () => {
    const told = standing(...members(1, 2, 3));
    expect(names([1, 2, 3], { m1: told, m2: empty, m3: told })).toMatchObject([{ name: 'm2', lost: 'a2' }]);
  });

  it('one that the database began with, and that never came, has lost nothing', () => {
    const told = standing(...members(1, 2), 'a3, started, m3, https://10.0.0.3:2380, , false');
    const cluster = clusterOf(1, 2, 3);
    const membership = membershipOf(cluster, [], machines({ m1: told, m2: told, m3: empty }));
    expect(membership.joining).toMatchObject([{ name: 'm3', lost: null, stale: false }]);
    expect(quorumNote(cluster, membership)[0]).toMatch(/: \+ m3$/);
  });

  it('one that the others went on without makes room for their database first', () => {
    const facts = { m1: standing(...members(1)), m2: silent };
    expect(names([1, 2], facts)).toMatchObject([{ name: 'm2', lost: null, stale: true }]);
  });

  it('who went on alone is believed before a quorum of those that it left behind', () => {
    const past = standing(...members(1, 2, 3));
    const alone = parseEtcdFacts(['data', 'alone 1795295689'], members(3));
    const membership = membershipOf(clusterOf(1, 2, 3), [], machines({ m1: past, m2: past, m3: alone }));
    expect(membership).toMatchObject({
      ...{ speaker: 'm3', size: 1, leaving: [] },
      joining: [
        { name: 'm1', stale: true },
        { name: 'm2', stale: true },
      ],
    });
  });

  const alien = standing('b1, started, m1, https://10.0.0.1:2380, https://10.0.0.1:2379, false');
  it.each([
    ['two that agree', { m1: alien, m2: standing(...members(1, 2, 3)), m3: standing(...members(1, 2, 3)) }],
    ['one that knows more', { m1: alien, m2: standing(...members(1, 2, 3)) }],
  ])('a database that one with lost data began by itself makes room: believed is %s', (_, facts) => {
    const membership = membershipOf(clusterOf(1, 2, 3), [], machines(facts));
    expect(membership).toMatchObject({
      ...{ speaker: 'm2', size: 3, leaving: [] },
      joining: [{ name: 'm1', lost: 'a1', stale: true }],
    });
  });

  it('nobody starts before somebody has told who is there', () => {
    expect(names([1, 2], { m1: silent, m2: empty })).toMatchObject([{ name: 'm2', initialCluster: null }]);
  });
});

describe('who leaves', () => {
  const gone = machine(9);
  it('a member that cluster.json does not have any more, also when only it can tell', () => {
    const told = standing(...members(9));
    const membership = membershipOf(clusterOf(1), [gone], machines({ m1: empty, m9: told }));
    expect(membership).toMatchObject({
      ...{ founding: [], speaker: 'm9' },
      joining: [{ name: 'm1', initialCluster: 'm9=https://10.0.0.9:2380,m1=https://10.0.0.1:2380' }],
      leaving: [{ id: 'a9', name: 'm9' }],
    });
  });

  it('nobody whom nobody told to leave; who does not answer goes first', () => {
    const told = standing(...members(1, 2, 3, 4));
    const leaving = [machine(2), machine(3)];
    const facts = machines({ m1: told, m2: told, m3: silent });
    expect(membershipOf(clusterOf(1), leaving, facts).leaving.map(({ name }) => name)).toEqual(['m3', 'm2']);
  });

  it.each([
    [
      [1, 2, 3],
      { m1: standing(...members(1)), m2: empty, m3: empty },
      'the database: 1 member (none may fail) → 3 members (1 may fail): + m2, + m3',
    ],
    [
      [1, 2, 3],
      { m1: standing(...members(1)), m2: empty },
      'the database: 1 member (none may fail) → 3 members (1 may fail): + m2, + m3 (not there yet)',
    ],
    [
      [1],
      { m1: standing(...members(1, 2, 3)) },
      'the database: 3 members (1 may fail) → 1 member (none may fail): - m2, - m3',
    ],
    [
      [1, 2, 3],
      { m1: standing(...members(1, 2, 3)), m2: empty },
      'the database: 3 members (1 may fail) → 3 members (1 may fail): ± m2, whose data is lost',
    ],
  ])('is told with the quorum before and after: %j', (numbers, facts, note) => {
    const cluster = clusterOf(...numbers);
    const leaving = [1, 2, 3].filter((number) => !numbers.includes(number)).map(machine);
    expect(quorumNote(cluster, membershipOf(cluster, leaving, machines(facts)))).toEqual([note]);
  });

  it('nothing is told when nobody comes or goes', () => {
    const told = standing(...members(1));
    expect(quorumNote(clusterOf(1), membershipOf(clusterOf(1), [], machines({ m1: told })))).toEqual([]);
    expect(quorumNote(clusterOf(1), membershipOf(clusterOf(1), [], machines({ m1: empty })))).toEqual([]);
  });
});

describe('a member that comes in the place of one whose data is lost', () => {
  const joining: Joining = {
    ...{ name: 'm3', address: '10.0.0.3', lost: 'a3', stale: false, empty: true },
    initialCluster: '',
  };
  const list = (...lines: string[]): string => [...members(1, 2), ...lines, 'answered'].join('\n');
  const successor = (learner: boolean): string => line(3, learner).replace('a3', 'b3');

  it.each([
    ['before', list(line(3)), null, null],
    ['announced', list(successor(true)), { announced: true }, null],
    ['promoted', list(successor(false)), { announced: true }, { votes: true }],
  ])('%s', (_, output, isAnnounced, hasVote) => {
    expect(announced(joining).question.parse(output)).toEqual(isAnnounced);
    expect(votes(joining).question.parse(output)).toEqual(hasVote);
  });
});
