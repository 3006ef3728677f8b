import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { told } from './support/changes.ts';
import { daemons, makeLab } from './support/lab.ts';
import { image, importImage } from './support/probe.ts';
import { lowest, ready, spread, workload } from './support/workload.ts';

/** Editing cluster.json is enough: machines come, leave and change their size, and what runs goes on. */
describe('resizing', () => {
  const lab = makeLab('hwt-resize', '192.168.85.0/24');
  const count = (number: number) =>
    lab.edit(({ nodes }) =>
      Object.assign(nodes.find(({ name }) => name === 'minion') ?? {}, { count: number }),
    );
  const memory = (machine: string) =>
    lab.on(machine, 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null');
  const nodes = async () => (await lab.kubectl(['get', 'nodes', '-o', 'name'])).trim().split('\n');
  const authority = () =>
    createHash('sha256')
      .update(readFileSync(join(lab.folder, '.hardway/pki/ca.crt')))
      .digest('hex');
  const up = (...args: string[]) => lab.npm('run', 'lab', '--', ...args);
  let founded: string;

  beforeAll(async () => {
    count(1);
    const first = await up();
    expect(first.code, first.output).toBe(0);
    founded = authority();
    await importImage(lab, 'minion-1');
    await lab.kubectl(['apply', '-f', '-'], JSON.stringify(workload));
    await lab.kubectl(['rollout', 'status', 'deployment/steady', '--timeout=60s']);
  });
  afterAll(async () => {
    const gone = await up('--destroy');
    expect(gone.code, gone.output).toBe(0);
  });

  it('1 → 3 minions: they join, and nothing else restarts', async () => {
    const before = await Promise.all(['master', 'minion-1'].map((machine) => daemons(lab, machine)));
    count(3);
    const joined = await up();
    expect(joined.code, joined.output).toBe(0);
    expect(await nodes()).toHaveLength(4);
    expect(await Promise.all(['master', 'minion-1'].map((machine) => daemons(lab, machine)))).toEqual(before);
    expect(authority()).toBe(founded);
    expect(await ready(lab)).toBe(3);
  });

  it('a workload spreads over them', async () => {
    await Promise.all(['minion-2', 'minion-3'].map((machine) => importImage(lab, machine)));
    await lab.kubectl(['rollout', 'restart', 'deployment/steady']);
    await lab.kubectl(['rollout', 'status', 'deployment/steady', '--timeout=90s']);
    expect(await spread(lab)).toEqual(['minion-1', 'minion-2', 'minion-3']);
    expect(image).toContain('busybox');
  });

  it('more memory: one machine after the other is drained, restarted by Vagrant, and back in service', async () => {
    lab.edit(({ nodes: entries }) =>
      Object.assign(entries.find(({ name }) => name === 'minion') ?? {}, { memory: 1792 }),
    );
    const plan = await told(lab, 'plan');
    expect(plan.changes).toEqual([1, 2, 3].map((number) => `minion-${number} hardware:minion-${number}`));
    let run: Awaited<ReturnType<typeof told>> | undefined;
    const fewest = await lowest(lab, async () => void (run = await told(lab, 'up')));
    expect(run?.code, run?.output).toBe(0);
    expect(run?.changes).toEqual(plan.changes);
    expect(fewest).toBeGreaterThanOrEqual(2);
    expect((await memory('minion-3')).stdout).toContain(String(1792 * 2 ** 20));
    const unschedulable = await lab.kubectl([
      'get',
      'nodes',
      '-o',
      'jsonpath={.items[*].spec.unschedulable}',
    ]);
    expect(unschedulable).toBe('');
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('fewer, without a terminal and without --yes: nobody leaves, and the run says so', async () => {
    count(1);
    const asked = await lab.hardway('up');
    expect(asked.code).toBe(1);
    expect(asked.output).toContain('not removed: minion-2, minion-3');
    expect(await nodes()).toHaveLength(4);
  });

  it('3 → 1 minions: plan forecasts, up drains; never more than one replica is away', async () => {
    const forecast = await lab.hardway('plan');
    expect(forecast.output).toMatch(/- node:minion-2\n.*moves \d pods?: .*default\/steady/);
    const plan = await told(lab, 'plan');
    let run: Awaited<ReturnType<typeof told>> | undefined;
    const fewest = await lowest(lab, async () => void (run = await told(lab, 'up', '--yes')));
    expect(run?.code, run?.output).toBe(0);
    expect(run?.changes).toEqual(plan.changes);
    expect(fewest).toBeGreaterThanOrEqual(2);
    expect(await nodes()).toEqual(['node/master', 'node/minion-1']);
    expect(authority()).toBe(founded);
  });

  it('the machines that left are clean; the next run of the lab destroys them', async () => {
    const gone = await up();
    expect(gone.code, gone.output).toBe(0);
    expect(gone.output).toMatch(/minion-3 +Destroying/);
    expect((await lab.hardway('plan')).code).toBe(0);
    expect(await ready(lab)).toBe(3);
  });

  it('vagrant destroy takes the machine out of the cluster first; up brings it back', async () => {
    count(2);
    expect((await up()).code).toBe(0);
    const destroyed = await lab.vagrant('destroy', '-f', 'minion-2');
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(await nodes()).toEqual(['node/master', 'node/minion-1']);
    const back = await up();
    expect(back.code, back.output).toBe(0);
    expect(await nodes()).toHaveLength(3);
  });

  it('node remove does the same by name, and cleans the machine', async () => {
    const removed = await lab.hardway('node', 'remove', 'minion-2', '--yes');
    expect(removed.code, removed.output).toBe(0);
    expect(removed.output).toContain('Take minion-2 out of cluster.json too');
    expect(await nodes()).toEqual(['node/master', 'node/minion-1']);
    const refused = await lab.hardway('node', 'remove', 'nobody');
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining('there is no machine nobody'),
    ]);
  });

  it('a budget that allows nothing: the drain ends at its limit, and the node is in service again', async () => {
    const back = await up();
    expect(back.code, back.output).toBe(0);
    await importImage(lab, 'minion-2');
    await lab.kubectl(['cordon', 'minion-1']);
    await lab.kubectl(['rollout', 'restart', 'deployment/steady']);
    await lab.kubectl(['rollout', 'status', 'deployment/steady', '--timeout=90s']);
    await lab.kubectl(['uncordon', 'minion-1']);
    await lab.kubectl(['patch', 'pdb', 'steady', '--type=merge', '--patch', '{"spec":{"maxUnavailable":0}}']);
    const held = await lab.hardway('node', 'remove', 'minion-2', '--yes', '--set', 'timeouts.drain=8');
    expect(held.code).toBe(1);
    expect(held.output).toContain('disruption budget');
    const [unschedulable] = [
      await lab.kubectl(['get', 'node', 'minion-2', '-o', 'jsonpath={.spec.unschedulable}']),
    ];
    expect(unschedulable).toBe('');
    expect(await ready(lab)).toBe(3);
    expect((await lab.hardway('plan')).code).toBe(0);
  });

  it('the machine with the cluster’s data cannot leave', async () => {
    const told = await lab.hardway('node', 'remove', 'master', '--yes');
    expect([told.code, told.output]).toEqual([1, expect.stringContaining('cannot leave')]);
  });
});
