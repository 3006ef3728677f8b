/** What must hold of every cluster; each throws what vitest shows. */
import { expect } from 'vitest';
import type { ModelCluster } from '../model/cluster.ts';
import { photograph, snapshot } from '../model/snapshot.ts';
import { newModel, run, type RunOptions, type Told } from './rig.ts';

export const succeeded = ({ outcome }: Told): void =>
  expect(outcome.failures.map(({ message, evidence }) => [message, ...evidence])).toEqual([]);

const startsOf = (model: ModelCluster): number =>
  model.machines().reduce((sum, { systemd }) => sum + systemd.starts, 0);

/** Plans, applies, and looks again: the plan changed nothing, the run did what was planned, and nothing is left. */
export async function planIsApply(model: ModelCluster, options: RunOptions = {}): Promise<void> {
  const before = photograph(model);
  const plan = await run(model, { ...options, planOnly: true });
  succeeded(plan);
  expect(photograph(model)).toEqual(before);

  const up = await run(model, options);
  succeeded(up);
  // What could not be asked while planning may or may not have to be done.
  const certain = up.changed.filter((name) => !plan.uncertain.includes(name));
  expect(certain.toSorted()).toEqual(plan.changed.toSorted());

  const after = photograph(model);
  const starts = startsOf(model);
  const again = await run(model, options);
  succeeded(again);
  expect([again.changed, startsOf(model) - starts]).toEqual([[], 0]);
  expect(photograph(model)).toEqual(after);
  const nothing = await run(model, { ...options, planOnly: true });
  expect([nothing.changed, nothing.uncertain]).toEqual([[], []]);
}

/** Machines that went down come back by themselves. */
export function powerOn(model: ModelCluster): void {
  for (const machine of model.machines()) if (!machine.on) machine.powerOn();
}

/** An undisturbed bring-up of the same description on bare machines. */
export async function undisturbed(model: ModelCluster): Promise<ModelCluster> {
  const other = newModel(model.description, model.kind);
  succeeded(await run(other));
  return other;
}

/** The end is the same as if nothing had ever happened, and machines that left are clean. */
export async function asIfUndisturbed(model: ModelCluster): Promise<void> {
  expect(snapshot(model)).toEqual(snapshot(await undisturbed(model)));
  const described = model.description.nodes.map(({ name }) => name);
  const left = model.machines().filter(({ name, on }) => on && !described.includes(name));
  for (const { disk } of left) expect(disk.has('/var/lib/hardway')).toBe(false);
}
