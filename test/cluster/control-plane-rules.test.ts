import { describe, expect, it } from 'vitest';
import { master, problemsOf } from './problems-of.ts';

/** Told without line and column. */
const contradictions: readonly (readonly [written: object, line: string])[] = [
  [
    { controlPlane: { port: 2379 } },
    'controlPlane.port: 2379 belongs to etcd; allowed: another one, such as 6443',
  ],
  [
    { controlPlane: { port: 8471 } },
    'controlPlane.port: 8471 belongs to flanneld; allowed: another one, such as 6443',
  ],
  [
    { controlPlane: { port: 30443 } },
    'controlPlane.port: 30443 belongs to service node ports (network.nodePortRange 30000-32767); allowed: another one, such as 6443',
  ],
  [
    { controlPlane: { port: 20443 }, network: { nodePortRange: '20000-22767' } },
    'controlPlane.port: 20443 belongs to service node ports (network.nodePortRange 20000-22767); allowed: another one, such as 6443',
  ],
  [
    { controlPlane: { registerNode: false }, nodes: [master] },
    'controlPlane.registerNode: there would be no node at all, and no pod could run: no machine has the role "minion"; allowed: true; or an entry with the role "minion"',
  ],
  [
    { controlPlane: { registerNode: false, schedulable: true } },
    'controlPlane.schedulable: no pod comes to masters that are no nodes (controlPlane.registerNode false); allowed: false; or registerNode true',
  ],
  [{ controlPlane: { sans: ['10.0.0.300'] } }, 'controlPlane.sans[0]: 10.0.0.300 is no IPv4 address'],
];

describe('a contradiction of the control plane', () => {
  it.each(contradictions)('%j', (written, line) => {
    expect(problemsOf(written).map((problem) => problem.replace(/^c\.json:\d+:\d+ /, ''))).toEqual([line]);
  });
});

describe('what stands near a contradiction and is none', () => {
  it.each<[string, object]>([
    ['8471 without flannel', { controlPlane: { port: 8471 }, network: { cni: 'routes' } }],
    ['a master that is no node, with minions', { controlPlane: { registerNode: false } }],
    ['masters that are told to be nodes', { controlPlane: { registerNode: true, schedulable: true } }],
    ['masters that are closed twice', { controlPlane: { registerNode: false, schedulable: false } }],
  ])('%s', (_, written) => {
    expect(problemsOf(written)).toEqual([]);
  });
});
