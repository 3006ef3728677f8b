import { describe, expect, it } from 'vitest';
import type { State } from '../../src/engine/resource.ts';
import { glance, observations } from '../../provisioners/glance.ts';
import { cluster } from './machines.ts';

const ready: State = { ready: 'True', reason: '', version: 'v1.36.4', internalIP: '10.0.0.1' };

/** What the machines say when all is well, but for these. */
function surveys(
  changed: Readonly<Record<string, State | null>> = {},
): Map<string, Map<string, State | null>> {
  return new Map(
    cluster.nodes.map(({ name }) => [
      name,
      new Map(
        observations(cluster, name, ['master']).map(({ id }) => {
          const well = id.startsWith('health:node/') ? ready : { complete: true, answers: true };
          return [id, id in changed ? (changed[id] ?? null) : well];
        }),
      ),
    ]),
  );
}

describe('the glance that ends a run', () => {
  it('names every node when all is evidently well', () => {
    const nodes = glance(cluster, surveys());
    expect(nodes?.map(({ name, state }) => [name, state])).toEqual(
      cluster.nodes.map(({ name }) => [name, 'Ready']),
    );
  });

  const doubts: [string, Readonly<Record<string, State | null>>][] = [
    ['a node is not Ready', { 'health:node/minion-1': { ...ready, ready: 'False' } }],
    ['a node has not registered', { 'health:node/minion-2': null }],
    ['an add-on is not rolled out', { 'health:deployment/coredns': { complete: false } }],
    ['an add-on is missing', { 'health:deployment/coredns': null }],
  ];
  it.each(doubts)('leaves it to a closer look when %s', (_, changed) => {
    expect(glance(cluster, surveys(changed))).toBeNull();
  });

  it.each(['master', 'minion-1'])('leaves it to a closer look when a service of %s still starts', (name) => {
    const some = surveys();
    some.get(name)?.set('health:services', { answers: false });
    expect(glance(cluster, some)).toBeNull();
  });

  it('leaves it to a closer look when a machine said nothing', () => {
    const some = surveys();
    some.delete('minion-1');
    expect(glance(cluster, some)).toBeNull();
  });

  it('asks further members and servers for themselves', () => {
    const [first, second] = cluster.nodes;
    const three = { ...cluster, nodes: [first!, { ...second!, roles: ['etcd', 'master'] as const }] };
    expect(observations(three, second!.name, [first!.name]).map(({ id }) => id)).toEqual([
      'health:services',
      'health:etcd',
      'health:api',
    ]);
    expect(observations(cluster, second!.name, [first!.name]).map(({ id }) => id)).toEqual([
      'health:services',
    ]);
  });
});
