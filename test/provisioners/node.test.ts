import { describe, expect, it } from 'vitest';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import { nodeObject, taintsOf } from '../../provisioners/resources/node.ts';
import type { Cluster, Taint } from '../../src/cluster/model.ts';
import type { State } from '../../src/engine/resource.ts';
import { cluster } from './machines.ts';

const rack: Taint = { key: 'rack', value: 'a', effect: 'NoSchedule' };
const gpu: Taint = { key: 'gpu', value: '', effect: 'NoExecute' };
const foreign: Taint = { key: 'node.kubernetes.io/not-ready', value: '', effect: 'NoExecute' };

const own: Taint = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' };

const tainted = (...taints: Taint[]): Cluster => ({
  ...cluster,
  nodes: cluster.nodes.map((node) => (node.name === 'minion-1' ? { ...node, taints } : node)),
});

/** The Node as it is in the API after the recipe for `before` was applied, with these taints and annotations. */
function live(before: Taint[], there: Taint[], annotations: Record<string, string> = {}): string {
  const [step] = nodeObject(tainted(...before), 'minion-1').steps({ drift: '' });
  const sent = JSON.parse(step !== undefined && 'gather' in step ? step.item : '{}') as Manifest;
  const metadata = { ...sent.metadata, annotations: { ...sent.metadata.annotations, ...annotations } };
  // The API leaves out what is empty.
  const taints = there.map(({ value, ...taint }) => (value === '' ? taint : { ...taint, value }));
  return JSON.stringify({ ...sent, metadata, spec: { ...(taints.length > 0 ? { taints } : {}) } });
}

/** What would be done to the node, in order; "apply" is the object itself. */
function repairs(wanted: Taint[], answer: string): string[] {
  const resource = nodeObject(tainted(...wanted), 'minion-1');
  const now = resource.question.parse(answer) as State;
  const differs = Object.entries(resource.desired ?? {}).some(([key, value]) => now[key] !== value);
  if (!differs) return [];
  return resource.steps(now).flatMap((step) => {
    if ('gather' in step) return ['apply'];
    const run = 'run' in step ? step.run : '';
    const words = /\b(taint node minion-1 --overwrite .*?) >|(uncordon minion-1)/.exec(run);
    return [
      (words?.[1] ?? words?.[2] ?? run).replaceAll("'", '').replace('taint node minion-1 --overwrite ', ''),
    ];
  });
}

describe('taints of a standing node', () => {
  const cases: [string, Taint[], string, string[]][] = [
    ['none', [], live([], []), []],
    ['as wanted', [rack, gpu], live([rack, gpu], [gpu, rack]), []],
    ['foreign ones are left alone', [rack], live([rack], [foreign, rack]), []],
    ['foreign ones alone too', [], live([], [foreign]), []],
    ['one is missing', [rack, gpu], live([rack, gpu], [rack]), ['gpu:NoExecute', 'apply']],
    ['all are missing', [rack, gpu], live([rack, gpu], []), ['rack=a:NoSchedule gpu:NoExecute', 'apply']],
    ['one is new', [rack, gpu], live([rack], [rack]), ['gpu:NoExecute', 'apply']],
    ['one is no longer wanted', [rack], live([rack, gpu], [rack, gpu]), ['gpu:NoExecute-', 'apply']],
    [
      'none is wanted any more',
      [],
      live([rack, gpu], [foreign, rack, gpu]),
      ['rack:NoSchedule- gpu:NoExecute-', 'apply'],
    ],
    [
      'another value takes the place of the old one',
      [{ ...rack, value: 'b' }],
      live([rack], [rack]),
      ['rack=b:NoSchedule', 'apply'],
    ],
    [
      'another effect is another taint',
      [{ ...rack, effect: 'NoExecute' }],
      live([rack], [rack]),
      ['rack=a:NoExecute rack:NoSchedule-', 'apply'],
    ],
    ['one that was ours is gone already', [], live([rack], []), ['apply']],
    ['one like ours that somebody else gave is no matter of ours', [], live([], [rack]), []],
    ['a run was cut off after the taint and before the note of it', [rack], live([], [rack]), ['apply']],
    ['a run was cut off after the removal and before the note of it', [], live([rack], []), ['apply']],
  ];
  it.each(cases)('%s', (_, wanted, answer, expected) => {
    expect(repairs(wanted, answer)).toEqual(expected);
  });

  it('a master keeps ordinary pods away, and has its own besides', () => {
    const [master, minion] = tainted(rack).nodes;
    const all = [taintsOf(cluster, { ...master!, taints: [gpu] }), taintsOf(cluster, minion!)];
    expect(all).toEqual([[own, gpu], [rack]]);
  });

  it('unless masters are schedulable, or say so themselves', () => {
    const [master] = cluster.nodes;
    const open = { ...cluster, controlPlane: { ...cluster.controlPlane, schedulable: true } };
    const valued = { ...own, value: 'x' };
    expect(taintsOf(open, { ...master!, taints: [gpu] })).toEqual([gpu]);
    expect(taintsOf(cluster, { ...master!, taints: [valued] })).toEqual([valued]);
  });

  it('a master that becomes schedulable loses exactly that taint, and gets it back', () => {
    const schedulable = (value: boolean) => ({
      ...cluster,
      controlPlane: { ...cluster.controlPlane, schedulable: value },
    });
    const [sent] = nodeObject(cluster, 'master').steps({ drift: '' });
    const object = JSON.parse(sent !== undefined && 'gather' in sent ? sent.item : '{}') as Manifest;
    const change = (value: boolean, taints: Taint[], before: Manifest) => {
      const resource = nodeObject(schedulable(value), 'master');
      const now = resource.question.parse(JSON.stringify({ ...before, spec: { taints } })) as State;
      return resource.steps(now).flatMap((step) => ('run' in step ? [step.run] : []));
    };
    expect(change(false, [foreign, own], object)).toEqual([]);
    const key = 'node-role.kubernetes.io/control-plane:NoSchedule';
    expect(change(true, [foreign, own], object)).toEqual([expect.stringContaining(`--overwrite ${key}- >`)]);
    expect(change(false, [foreign], object)).toEqual([expect.stringContaining(`--overwrite ${key} >`)]);
  });
});

describe('a node that is out of service', () => {
  const cordoned = (answer: string): string => {
    const node = JSON.parse(answer) as { spec: object };
    return JSON.stringify({ ...node, spec: { ...node.spec, unschedulable: true } });
  };
  const ours = { 'hardway.dev/cordoned': 'restart' };
  it.each([
    ['by a run that was cut off is put back', cordoned(live([], [], ours)), ['uncordon minion-1', 'apply']],
    ['by a person stays so', cordoned(live([], [])), []],
    [
      'no longer loses our mark, or a person’s would be taken for ours',
      live([], [], ours),
      ['uncordon minion-1', 'apply'],
    ],
    [
      'and has lost a taint gets both',
      cordoned(live([rack], [], ours)),
      ['rack=a:NoSchedule', 'uncordon minion-1', 'apply'],
    ],
  ])('%s', (_, answer, expected) => {
    const wanted = expected.some((word) => word.includes('rack')) ? [rack] : [];
    expect(repairs(wanted, answer)).toEqual(expected);
  });
});
