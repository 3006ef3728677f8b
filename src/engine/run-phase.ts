import type { Connection } from '../connection/connection.ts';
import type { Difference } from '../report/event.ts';
import { asError } from './as-error.ts';
import { change, CHANGE_LIMIT, type Work } from './change.ts';
import type { Pass } from './converge.ts';
import { confirm } from './confirm.ts';
import { differences } from './difference.ts';
import { askedOf, unmetNeed } from './needs.ts';
import type { Phase, Stage } from './phase.ts';
import { type Answer, type Resource, type State, unknown } from './resource.ts';
import { attend, settle } from './settle.ts';
import { survey } from './survey.ts';
import { changedLines } from './text.ts';

/** One phase in one pass: its needs when there is something to do, then stage by stage on all its machines at once. */
export async function runPhase<S>(pass: Pass<S>, phase: Phase<S>): Promise<void> {
  const { report } = pass.options;
  const walk: Walk<S> = {
    ...{ pass, phase },
    needs: once(() => unmetNeed(pass, phase)),
    announce: once(() => report({ type: 'phase', phase: phase.name, title: phase.title })),
  };
  try {
    for (const stage of phase.stages) {
      if (pass.options.signal?.aborted) return;
      const unmet = await runStage(walk, stage);
      if (unmet !== null) return defer(pass, phase, unmet);
    }
  } catch (error) {
    pass.failures.push(...(error instanceof AggregateError ? error.errors.map(asError) : [asError(error)]));
  }
}

/** One phase on its way. */
interface Walk<S> {
  readonly pass: Pass<S>;
  readonly phase: Phase<S>;
  /** Why it cannot run yet, or null; found out when it is needed, and once. */
  readonly needs: () => Promise<string | null>;
  /** Tells the phase's title before its first change. */
  readonly announce: () => void;
}

function once<T>(act: () => T): () => T {
  let done: { readonly result: T } | undefined;
  return () => (done ??= { result: act() }).result;
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

/** Returns why the phase cannot run yet, or null. */
async function runStage<S>(walk: Walk<S>, stage: Stage<S>): Promise<string | null> {
  const { pass, phase } = walk;
  const { selection, report, planOnly } = pass.options;
  const machines = (stage.on ?? phase.on).filter(
    (name) => pass.present.has(name) && (selection?.machine(name) ?? true),
  );
  const parts = machines.map((name) => part(pass, stage, name)).filter(hasWork);
  if (parts.length === 0) return null;
  const unmet = await walk.needs();
  if (unmet !== null) return unmet;

  const drifts = (await together(parts.map((one) => drift(walk, one)))).flat();
  if (drifts.length === 0 || planOnly) return null;
  const changes = async (): Promise<void> => {
    if (stage.pace === 'one-by-one') for (const one of drifts) await close(pass, phase, stage, [one]);
    else await close(pass, phase, stage, drifts);
  };
  const running = changes();
  const host = stage.attend && pass.present.get(stage.attend.on);
  if (stage.attend && host) {
    const site = { machine: stage.attend.on, phase: phase.name, connection: host, report };
    await attend(site, stage.attend, pass.plan.scope(stage.attend.on), running, CHANGE_LIMIT);
  }
  await running;
  await together(drifts.map(confirm));
  return null;
}

/** What a stage wants of one machine, and what is known of it. */
interface Part {
  readonly machine: string;
  readonly connection: Connection;
  readonly resources: readonly Resource[];
  readonly answers: Map<string, Answer>;
  /** What could not be known at the beginning of the pass (an API that was down), or was changed since. */
  readonly open: readonly Resource[];
}

/** While planning, what was changed is taken to be what it would have been made. */
function part<S>(pass: Pass<S>, stage: Stage<S>, machine: string): Part {
  const resources = stage.resources(pass.plan.scope(machine));
  const known = pass.surveys.get(machine);
  const answers = new Map<string, Answer>();
  const open: Resource[] = [];
  for (const resource of resources) {
    const answer = known?.get(resource.id) ?? null;
    const changed = pass.changed.get(`${machine} ${resource.id}`);
    const isPlanned = changed !== undefined && pass.options.planOnly;
    answers.set(resource.id, isPlanned ? changed : answer);
    if (!isPlanned && (changed !== undefined || answer === unknown)) open.push(resource);
  }
  const connection = pass.present.get(machine) as Connection;
  return { machine, connection, resources, answers, open };
}

const stateOf = ({ answers }: Part, { id }: Resource): State | null => {
  const answer = answers.get(id) ?? null;
  return answer === unknown ? null : answer;
};

const hasWork = (one: Part): boolean =>
  one.open.length > 0 ||
  one.resources.some((resource) => differences(resource, stateOf(one, resource)).length > 0);

/** What one machine lacks, reported and counted; empty when it is as desired after all. */
async function drift<S>({ pass, phase, announce }: Walk<S>, one: Part): Promise<Drift[]> {
  const { machine, connection, resources, answers, open } = one;
  const { planOnly } = pass.options;
  if (!planOnly) {
    for (const [id, answer] of await survey(machine, connection, open)) answers.set(id, answer);
  }
  const drifted = resources
    .map((resource) => compared(one, resource, planOnly, pass.guessed))
    .filter(({ found }) => found.length > 0);
  if (drifted.length === 0) return [];
  announce();
  const lines = await changedLines(
    connection,
    drifted.filter(({ now }) => now !== null).map(({ resource }) => resource),
  );
  for (const { resource, now, found, uncertain } of drifted) {
    if (uncertain) pass.guessed.add(`${machine} ${resource.id}`);
    else pass.changes += 1;
    pass.changed.set(`${machine} ${resource.id}`, resource.desired);
    const disturbs = resource.disturbs?.(now) ?? [];
    pass.options.report({
      ...{ type: 'change', machine, phase: phase.name, resource: resource.id, differences: found },
      ...(uncertain ? { uncertain } : {}),
      ...(resource.why === undefined ? {} : { why: resource.why }),
      ...(disturbs.length === 0 ? {} : { disturbs }),
      ...linesOf(resource, now, lines),
    });
  }
  const work = drifted.map(({ resource, now }) => ({ resource: resource.id, steps: resource.steps(now) }));
  return [{ machine, connection, resources: drifted.map(({ resource }) => resource), work }];
}

function linesOf(
  resource: Resource,
  now: State | null,
  texts: ReadonlyMap<string, readonly string[]>,
): { lines?: readonly string[] } {
  const lines = texts.get(resource.id) ?? (now === null ? undefined : resource.lines?.(now));
  return lines === undefined ? {} : { lines };
}

interface Compared {
  readonly resource: Resource;
  readonly now: State | null;
  readonly found: readonly Difference[];
  /** Only while planning can something still be unknown. */
  readonly uncertain: boolean;
}

function compared(one: Part, resource: Resource, planOnly: boolean, guessed: ReadonlySet<string>): Compared {
  const now = stateOf(one, resource);
  const isUnseen = planOnly && one.answers.get(resource.id) === unknown;
  const unseen = { key: 'present', now: null, wanted: resource.desired !== null };
  return {
    ...{ resource, now, uncertain: isUnseen || guessed.has(`${one.machine} ${resource.id}`) },
    found: isUnseen ? [unseen] : differences(resource, now),
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
  const { settle: after = [] } = stage;
  const changed = new Set(drifts.flatMap(({ resources }) => resources.map(({ id }) => id)));
  for (const condition of typeof after === 'function' ? after(changed) : after) {
    await together(
      askedOf(condition, pass.present).map(async (name) => {
        const connection = pass.present.get(name);
        if (connection !== undefined) await settle(name, connection, condition, report);
      }),
    );
  }
}

const each = (failure: unknown): readonly unknown[] =>
  failure instanceof AggregateError ? failure.errors : [failure];

/** Waits for all, then raises all failures together. */
async function together<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(work);
  const failures = results
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => reason as unknown);
  if (failures.length > 0) throw new AggregateError(failures.flatMap(each));
  return results.map((result) => (result as PromiseFulfilledResult<T>).value);
}
