import { describe, expect, it } from 'vitest';
import { resize } from '../../provisioners/phases/resize.ts';
import type { Scope } from '../../provisioners/scope.ts';
import type { Resource, State } from '../../src/engine/resource.ts';
import { ask } from '../resources/bench.ts';
import { cluster } from './machines.ts';

const phase = resize(cluster);

function hardware(cpus: number, memory: number, hostCpus = 8, restart = async () => {}): Resource {
  const node = { ...cluster.nodes[1]!, cpus, memory };
  const scope: Pick<Scope, 'node' | 'hostCpus' | 'restart'> = { node, hostCpus, restart };
  return phase.stages[0]!.resources(scope as Scope)[0]!;
}

/** What a machine with so many CPUs, MiB in all and a limit of its control group (as the file says) would answer. */
const seen = (cpus: number, total: number, limit?: string): State => {
  const lines = [cpus, total, ...(limit === undefined ? [] : [limit])];
  return hardware(2, 2048).question.parse(lines.join('\n')) as State;
};
const MiB = 1048576;

describe('what a machine has', () => {
  const cases: [string, State, { cpus: number; memory: number }][] = [
    ['a virtual machine: its kernel keeps a share', seen(2, 1970), { cpus: 2, memory: 2048 }],
    ['a virtual machine with a large share taken', seen(2, 1750), { cpus: 2, memory: 2048 }],
    ['exactly what it should', seen(2, 2048), { cpus: 2, memory: 2048 }],
    ['too little', seen(2, 1700), { cpus: 2, memory: 1700 }],
    ['too much', seen(2, 2100), { cpus: 2, memory: 2100 }],
    ['other CPUs', seen(4, 2048), { cpus: 4, memory: 2048 }],
    ['a container with a limit', seen(2, 64000, String(2048 * MiB)), { cpus: 2, memory: 2048 }],
    ['a container with a little less', seen(2, 64000, String(1984 * MiB)), { cpus: 2, memory: 1984 }],
    ['a container with an older limit', seen(2, 64000, String(1024 * MiB)), { cpus: 2, memory: 1024 }],
    ['a container without limit, cgroup v2', seen(2, 64000, 'max'), { cpus: 2, memory: 64000 }],
    [
      'a container without limit, cgroup v1',
      seen(2, 64000, '9223372036854771712'),
      { cpus: 2, memory: 64000 },
    ],
    ['a virtual machine in a group without limit', seen(2, 1970, 'max'), { cpus: 2, memory: 2048 }],
  ];
  it.each(cases)('%s', (_, now, expected) => {
    expect(now).toEqual(expected);
  });

  it('is found out on this very machine', async () => {
    const answer = (await ask(hardware(1000, 1))) as { cpus: number; memory: number };
    expect([Number.isInteger(answer.cpus) && answer.cpus > 0, answer.memory > 16]).toEqual([true, true]);
  });
});

describe('what a machine should have', () => {
  it.each([
    [2, 8, 2],
    [8, 8, 8],
    [12, 8, 8],
  ])('%i CPUs on a host with %i are %i', (wanted, host, given) => {
    expect(hardware(wanted, 2048, host).desired).toEqual({ cpus: given, memory: 2048 });
  });

  it('it gets by a restart from outside, one machine after the other, and says so', async () => {
    let restarts = 0;
    const resource = hardware(2, 2048, 8, async () => void (restarts += 1));
    const [step] = resource.steps(null);
    expect([resource.steps(null).length, step]).toEqual([
      1,
      expect.objectContaining({ what: 'restart minion-1' }),
    ]);
    if (step !== undefined && 'here' in step) await step.here();
    expect([restarts, phase.stages[0]?.pace]).toEqual([1, 'one-by-one']);
    expect(resource.disturbs?.(null)).toEqual(['restarts minion-1: its pods move to other machines first']);
  });

  it('is no matter of ours on machines that cluster.json reaches by itself', () => {
    const nodes = cluster.nodes.map((node) =>
      node.name === 'minion-1' ? { ...node, ssh: 'local' as const } : node,
    );
    expect([resize({ ...cluster, nodes }).on, phase.on]).toEqual([
      ['master', 'minion-2'],
      ['master', 'minion-1', 'minion-2'],
    ]);
  });
});
