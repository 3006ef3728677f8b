import type { Connection } from '../connection/connection.ts';
import { MachineError } from '../errors.ts';
import { asError } from './as-error.ts';
import { change, CHANGE_LIMIT, type Work } from './change.ts';
import type { Pass } from './converge.ts';
import { differences } from './difference.ts';
import { unmetNeed } from './needs.ts';
import type { Phase, Stage } from './phase.ts';
import { type Resource, type State, unknown } from './resource.ts';
import { attend, settle } from './settle.ts';
import { survey } from './survey.ts';
import { changedLines } from './text.ts';

/** One phase in one pass: its needs, then stage by stage on all its machines at once. */
export async function runPhase<S>(pass: Pass<S>, phase: Phase<S>): Promise<void> {
  const { report } = pass.options;
  try {
    const unmet = await unmetNeed(pass, phase);
    if (unmet !== null) return defer(pass, phase, unmet);
    const before = pass.changes;
    for (const stage of phase.stages) {
      if (pass.options.signal?.aborted) return;
      await runStage(pass, phase, stage, () => {
        if (pass.changes === before) report({ type: 'phase', phase: phase.name, title: phase.title });
      });
    }
  } catch (error) {
    pass.failures.push(...(error instanceof AggregateError ? error.errors.map(asError) : [asError(error)]));
  }
}

function defer<S>(pass: Pass<S>, phase: Phase<S>, reason: string): void {
  const awaiting = phase.on.filter((name) => pass.awaiting.includes(name));
  pass.deferred.push(`${phase.name}: ${reason}`);
  pass.options.report({ type: 'deferred', phase: phase.name, reason, awaiting });
}

interface Drift {
  readonly machine: string;
  readonly connection: Connection;
  readonly resources: readonly Resource[];
  readonly work: readonly Work[];
}

async function runStage<S>(
  pass: Pass<S>,
  phase: Phase<S>,
  stage: Stage<S>,
  announce: () => void,
): Promise<void> {
  const machines = (stage.on ?? phase.on).filter((name) => pass.present.has(name));
  const drifts = (await together(machines.map((name) => drift(pass, phase, stage, name, announce)))).flat();
  if (drifts.length === 0 || pass.options.planOnly) return;

  const changes = async (): Promise<void> => {
    if (stage.pace === 'one-by-one') for (const one of drifts) await close(pass, phase, stage, [one]);
    else await close(pass, phase, stage, drifts);
  };
  const running = changes();
  const host = stage.attend && pass.present.get(stage.attend.on);
  if (stage.attend && host) {
    const site = {
      machine: stage.attend.on,
      phase: phase.name,
      connection: host,
      report: pass.options.report,
    };
    await attend(site, stage.attend, running, CHANGE_LIMIT);
  }
  await running;
  await together(drifts.map(confirm));
}

/** What one machine lacks, reported and counted; empty when it is as desired. */
async function drift<S>(
  pass: Pass<S>,
  phase: Phase<S>,
  stage: Stage<S>,
  machine: string,
  announce: () => void,
): Promise<Drift[]> {
  const connection = pass.present.get(machine);
  const resources = stage.resources(pass.plan.scope(machine));
  if (connection === undefined || resources.length === 0) return [];
  const known = await present(pass, machine, connection, resources);
  const drifted = resources
    .map((resource) => ({ resource, now: known(resource), found: differences(resource, known(resource)) }))
    .filter(({ found }) => found.length > 0);
  if (drifted.length === 0) return [];
  announce();
  const lines = await changedLines(
    connection,
    drifted.filter(({ now }) => now !== null).map(({ resource }) => resource),
  );
  for (const { resource, now, found } of drifted) {
    pass.changes += 1;
    pass.changed.set(`${machine} ${resource.id}`, resource.desired);
    const disturbs = resource.disturbs?.(now) ?? [];
    pass.options.report({
      type: 'change',
      machine,
      phase: phase.name,
      resource: resource.id,
      differences: found,
      ...(resource.why === undefined ? {} : { why: resource.why }),
      ...(disturbs.length === 0 ? {} : { disturbs }),
      ...(lines.has(resource.id) ? { lines: lines.get(resource.id) ?? [] } : {}),
    });
  }
  const work = drifted.map(({ resource, now }) => ({ resource: resource.id, steps: resource.steps(now) }));
  return [{ machine, connection, resources: drifted.map(({ resource }) => resource), work }];
}

/**
 * What is there now. The survey's answers, but what could not be known then (an API that was down) or was changed
 * since is asked again; while planning it is taken to be what it would have been made.
 */
async function present<S>(
  pass: Pass<S>,
  machine: string,
  connection: Connection,
  resources: readonly Resource[],
): Promise<(resource: Resource) => State | null> {
  const answers = new Map(pass.surveys.get(machine));
  const changed = ({ id }: Resource): State | null | undefined => pass.changed.get(`${machine} ${id}`);
  const open = resources.filter(
    (resource) => answers.get(resource.id) === unknown || changed(resource) !== undefined,
  );
  if (!pass.options.planOnly) {
    for (const [id, answer] of await survey(machine, connection, open)) answers.set(id, answer);
  }
  return (resource) => {
    const planned = pass.options.planOnly ? changed(resource) : undefined;
    const found = planned === undefined ? (answers.get(resource.id) ?? null) : planned;
    return found === unknown ? null : found;
  };
}

async function close<S>(
  pass: Pass<S>,
  phase: Phase<S>,
  stage: Stage<S>,
  drifts: readonly Drift[],
): Promise<void> {
  const { report } = pass.options;
  await together(
    drifts.map(({ machine, connection, work }) =>
      change({ machine, phase: phase.name, connection, report }, work),
    ),
  );
  for (const condition of stage.settle ?? []) {
    const hosts = condition.on.filter((name) => pass.present.has(name));
    await together(
      hosts.map(async (name) => {
        const connection = pass.present.get(name);
        if (connection !== undefined) await settle(name, connection, condition, report);
      }),
    );
  }
}

/** After a change the engine asks again; what still differs is an error. */
async function confirm({ machine, connection, resources }: Drift): Promise<void> {
  const after = await survey(machine, connection, resources);
  for (const resource of resources) {
    const answer = after.get(resource.id) ?? null;
    const left = differences(resource, answer === unknown ? null : answer);
    if (left.length === 0) continue;
    throw new MachineError(machine, `${resource.id} is still not as desired after it was changed`, {
      evidence: left.map(({ key, now, wanted }) => `${key}: is ${String(now)}, should be ${String(wanted)}`),
      remedy: 'Something else may be changing it; look at it on the machine and run again.',
    });
  }
}

/** Waits for all, then raises all failures together. */
async function together<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  if (failures.length > 0) throw new AggregateError(failures);
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
