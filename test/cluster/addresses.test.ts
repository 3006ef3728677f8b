import { describe, expect, it } from 'vitest';
import { derive } from '../../src/cluster/derive.ts';
import type { Description, NodeEntry } from '../../src/cluster/description.ts';
import { problemsOf } from './problems-of.ts';

const master: NodeEntry = { name: 'master', roles: ['etcd', 'master'] };
const pool = (name: string, count: number): NodeEntry => ({ name, count, roles: ['minion'] });
const single = (name: string, more: Partial<NodeEntry> = {}): NodeEntry => ({
  name,
  roles: ['minion'],
  ...more,
});

/** "name=last octet" for each machine; the description must be right. */
function plan(nodes: readonly NodeEntry[], machineCidr = '192.168.56.0/24'): readonly string[] {
  const description: Description = { nodes, network: { machineCidr } };
  expect(problemsOf(description)).toEqual([]);
  return derive(description, '/').nodes.map(({ name, address }) => `${name}=${address.split('.').slice(3)}`);
}

const plans: readonly (readonly [string, readonly NodeEntry[], readonly string[]])[] = [
  ['one pool', [master, pool('m', 2)], ['master=11', 'm-1=101', 'm-2=102']],
  ['count 1 still numbers the name', [master, pool('m', 1)], ['master=11', 'm-1=101']],
  [
    'each pool has a block',
    [master, pool('a', 2), pool('b', 1), pool('c', 1)],
    ['master=11', 'a-1=101', 'a-2=102', 'b-1=121', 'c-1=141'],
  ],
  [
    'singles share a block',
    [single('x'), master, pool('m', 1), single('y')],
    ['x=101', 'master=11', 'm-1=121', 'y=102'],
  ],
  [
    'a single behind a pool',
    [master, pool('m', 1), single('x'), single('y')],
    ['master=11', 'm-1=101', 'x=121', 'y=122'],
  ],
  [
    'own addresses',
    [master, { ...pool('m', 2), address: '192.168.56.40' }, single('x')],
    ['master=11', 'm-1=40', 'm-2=41', 'x=121'],
  ],
  [
    'SSH hosts',
    [master, single('x', { ssh: 'a@192.168.56.7/eth1' }), single('y')],
    ['master=11', 'x=7', 'y=102'],
  ],
];

describe('addresses', () => {
  it.each(plans)('%s', (_, nodes, machines) => {
    expect(plan(nodes)).toEqual(machines);
  });

  it('in a small range follow one another, masters first', () => {
    expect(plan([single('x'), pool('m', 2), master], '10.0.0.0/28')).toEqual([
      'x=3',
      'm-1=4',
      'm-2=5',
      'master=2',
    ]);
    expect(plan([master, pool('m', 2), single('x', { address: '10.0.0.9' })], '10.0.0.0/28')).toEqual([
      'master=2',
      'm-1=3',
      'm-2=4',
      'x=9',
    ]);
  });

  it('in a large range a pool may be large', () => {
    expect(plan([master, pool('m', 200)], '10.20.0.0/16').at(-1)).toBe('m-200=44');
  });
});

describe('growing', () => {
  const before = [master, single('x'), pool('a', 2), pool('b', 2), single('y')];

  it.each([2, 3])('entry %i renames and renumbers nobody', (grown) => {
    const after = before.map((entry, index) => (index === grown ? { ...entry, count: 14 } : entry));
    expect(plan(after)).toEqual(expect.arrayContaining([...plan(before)]));
    expect(plan(after)).toHaveLength(plan(before).length + 12);
  });

  it('the list at its end renumbers nobody', () => {
    const after = [...before, pool('c', 3), single('z'), single('w', { address: '192.168.56.250' })];
    expect(plan(after)).toEqual(expect.arrayContaining([...plan(before)]));
  });

  it('beyond the block is refused, not squeezed in', () => {
    expect(problemsOf({ nodes: [master, pool('a', 21), pool('b', 1)] }).join()).toContain(
      'nodes[1]: 21 machines do not fit from 192.168.56.101 to 192.168.56.120; give the entry an "address"',
    );
  });
});
