import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { database } from '../../provisioners/etcd-care.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { type Expected, fakeConnection } from '../../src/connection/fake.ts';
import { sha256 } from '../artefacts/workbench.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';
import { cluster as lab } from './machines.ts';

const names = ['one', 'two', 'three'];
const nodes = names.map((name, index) => ({
  ...lab.nodes[0]!,
  ...{ name, address: `10.7.0.${index + 1}`, roles: ['etcd'] as const },
}));
const cluster: Cluster = { ...lab, nodes };
/** As etcd numbers them: more digits than JavaScript keeps. */
const id = (name: string): string => `33198146427616379${50 + names.indexOf(name)}`;

interface Said {
  readonly leader?: string;
  readonly healthy?: boolean;
  readonly alarm?: string;
  readonly members?: readonly string[];
  readonly size?: number;
}

/** What a member says of itself, as etcdctl prints it. */
function saying(name: string, said: Said = {}): Expected {
  const { leader = 'two', healthy = true, alarm, members = names, size = 20480 } = said;
  const header = { cluster_id: 7, member_id: `#${id(name)}`, revision: 1234, raft_term: 2 };
  const status = {
    ...{ header, version: '3.6.14', dbSize: size, leader: `#${id(leader)}`, raftTerm: 2, dbSizeInUse: 16384 },
  };
  const parts = {
    status: [{ Endpoint: 'https://127.0.0.1:2379', Status: status }],
    health: [{ endpoint: 'https://127.0.0.1:2379', health: healthy, took: '6ms' }],
    members: { header, members: members.map((one) => ({ ID: `#${id(one)}`, name: one })) },
    alarms: alarm === undefined ? { header } : { header, alarms: [{ memberID: `#${id(alarm)}`, alarm: 1 }] },
  };
  const lines = Object.entries(parts).map(([what, data]) => `${what}|${JSON.stringify(data)}`);
  // In place of sed over there, which puts the numbers into quotes.
  return {
    run: /endpoint status/,
    reply: { stdout: `unit|active\n${lines.join('\n').replaceAll('#', '')}\n` },
  };
}

const down: Expected = {
  run: /endpoint status/,
  reply: {
    stdout:
      'unit|failed\nstatus|null\nhealth|[{"endpoint":"x","health":false,"took":"5s"}]\nmembers|\nalarms|\n',
  },
};

const machines = (replies: Readonly<Record<string, Expected[]>>) => {
  const fakes = new Map(Object.entries(replies).map(([name, list]) => [name, fakeConnection(list, name)]));
  return { fakes, map: fakes as ReadonlyMap<string, Connection> };
};
const all = (more: Readonly<Record<string, Said>> = {}) =>
  machines(Object.fromEntries(names.map((name) => [name, [saying(name, more[name])]])));

describe('the status of the database', () => {
  it('tells of each member what it says of itself', async () => {
    const { members, problems } = await database.status(cluster, all().map);
    expect(problems).toEqual([]);
    expect(members.map(({ name, role, state }) => [name, role, state])).toEqual([
      ['one', 'follower', 'healthy'],
      ['two', 'leader', 'healthy'],
      ['three', 'follower', 'healthy'],
    ]);
    expect(members[0]).toMatchObject({
      address: '10.7.0.1',
      size: 20480,
      inUse: 16384,
      revision: 1234,
      term: 2,
    });
  });

  it.each([
    [
      'one that is down',
      { three: [down] },
      ['three is down: its etcd does not answer; see: hardway logs three etcd'],
    ],
    ['one without a machine', { three: undefined }, ['three is not there: its machine does not answer']],
    [
      'one without a quorum',
      { one: [saying('one', { healthy: false })] },
      ['one is unhealthy: it answers, but has no quorum'],
    ],
    ['an alarm', { one: [saying('one', { alarm: 'two' })] }, ['two has the alarm NOSPACE']],
    [
      'a stranger',
      { one: [saying('one', { members: [...names, 'four'] })] },
      ['the database has a member four, which cluster.json does not name'],
    ],
  ])('names %s', async (_, odd, problems) => {
    const usual = Object.fromEntries(names.map((name) => [name, [saying(name)]]));
    const replies = Object.entries({ ...usual, ...odd }).filter(([, list]) => list !== undefined);
    const { map } = machines(Object.fromEntries(replies) as Record<string, Expected[]>);
    expect((await database.status(cluster, map)).problems).toEqual(problems);
  });
});

const { signal } = new AbortController();

describe('a snapshot', () => {
  const bytes = Buffer.alloc(100_000, 'snapshot');
  const lines = (bytes.toString('base64').match(/.{1,65532}/g) ?? []).join('\n');
  const told = '{"hash":3271983480,"revision":1234,"totalKey":77,"totalSize":100000,"version":"3.6.0"}';
  const copy = (sum: string): Expected => ({
    run: /snapshot save/,
    reply: { stdout: `told ${told}\nsha256 ${sum}\ndata\n${lines}\n` },
  });
  const from = (second: Expected) => {
    const rest = { two: [saying('two')], three: [saying('three')] };
    return machines({ ...rest, one: [saying('one'), second] }).map;
  };

  it('arrives from a member that does not lead, closed and verified', () =>
    inTemporaryDirectory(async (dir) => {
      const file = join(dir, 'sub', 'copy.db');
      const found = await database.snapshot(cluster, from(copy(sha256(bytes))), file, signal);
      expect(found).toEqual({
        member: 'one',
        sha256: sha256(bytes),
        size: 100_000,
        revision: 1234,
        keys: 77,
      });
      expect(readFileSync(file).equals(bytes)).toBe(true);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readdirSync(join(dir, 'sub'))).toEqual(['copy.db']);
    }));

  it.each([
    ['arrives damaged', copy(sha256('other')), /did not arrive as it was sent/],
    [
      'is not whole over there',
      { run: /snapshot save/, reply: { code: 1, stderr: 'Error: expected sha256 [1], got [2]\n' } },
      /one: no snapshot could be taken/,
    ],
    [
      'is cut off',
      { run: /snapshot save/, reply: { outcome: 'lost', code: null } as const },
      /while the snapshot was taken/,
    ],
    [
      'is interrupted',
      { run: /snapshot save/, reply: { outcome: 'aborted', code: null } as const },
      /no snapshot could be taken \(aborted/,
    ],
  ])('that %s leaves nothing', (_, second, message) =>
    inTemporaryDirectory(async (dir) => {
      await expect(database.snapshot(cluster, from(second), join(dir, 'copy.db'), signal)).rejects.toThrow(
        message,
      );
      expect(readdirSync(dir)).toEqual([]);
    }),
  );

  it('needs a healthy member', async () => {
    const { map } = machines({ one: [down], two: [down] });
    await expect(database.snapshot(cluster, map, '/nowhere/copy.db', signal)).rejects.toThrow(
      'no member of the database is healthy',
    );
    expect(existsSync('/nowhere')).toBe(false);
  });
});

describe('defragmenting', () => {
  const done: Expected = { run: /etcdctl .* defrag --command-timeout=300s/ };
  const well: Expected = { run: /hw_check/ };
  const whole = (name: string): Expected[] => [
    ...[saying(name), saying(name, { size: 50 * 1024 }), done, well, saying(name, { size: 20 * 1024 })],
  ];

  it('is one member after the other, the leader last', async () => {
    const { fakes, map } = machines({ one: whole('one'), two: whole('two'), three: whole('three') });
    const told: string[] = [];
    await database.defragment(cluster, map, ({ member, before, after }) =>
      told.push(`${member} ${before} ${after}`),
    );
    expect(told).toEqual(['one 51200 20480', 'three 51200 20480', 'two 51200 20480']);
    for (const fake of fakes.values()) fake.verify();
  });

  it('is refused while one is not healthy', async () => {
    const { map } = machines({ one: [saying('one')], two: [saying('two')], three: [down] });
    await expect(database.defragment(cluster, map, () => undefined)).rejects.toThrow(
      'three: is not healthy; nothing was done',
    );
  });

  it('ends with the member that does not come back', async () => {
    const lost: Expected = { run: /hw_check/, reply: { code: 1, stdout: 'no quorum\n' } };
    const { fakes, map } = machines({
      ...{ one: [saying('one'), saying('one'), done, lost], two: [saying('two')], three: [saying('three')] },
    });
    await expect(database.defragment(cluster, map, () => undefined)).rejects.toThrow(
      'one: its database could not be',
    );
    for (const fake of fakes.values()) fake.verify();
  });
});
