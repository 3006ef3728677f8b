import type { Connection } from '../connection/connection.ts';
import { ConnectionError, HardwayError } from '../errors.ts';
import { asError } from './as-error.ts';
import { isLost, refuseLost } from './lost.ts';
import type { Report } from '../report/event.ts';
import type { Plan, Recipe } from './phase.ts';
import { remembered } from './remembered.ts';
import { cargo, refuseWithoutRoom } from './room.ts';
import { runPhase } from './run-phase.ts';
import type { Resource, State } from './resource.ts';
import { type Survey, survey } from './survey.ts';

/** A machine of the description. No connection: nobody has told where it is yet. */
export interface Machine {
  readonly name: string;
  readonly connection: Connection | null;
  /** No longer in the description: nobody waits for it. */
  readonly leaving?: boolean;
}

/** Which part of the recipe is done. Conditions are asked of all machines all the same. */
export interface Selection {
  phase(name: string): boolean;
  machine(name: string): boolean;
}

export interface ConvergeOptions<S> {
  readonly recipe: Recipe<S>;
  /** Read again before each pass: machines may arrive meanwhile. */
  readonly machines: () => Promise<readonly Machine[]>;
  readonly report: Report;
  /** true: nothing is written anywhere. */
  readonly planOnly: boolean;
  /** Default: everything. */
  readonly selection?: Selection;
  /** Seconds that a run which is stuck gives the machines: a run before it may have started something. Default: none. */
  readonly patience?: number;
  /** Ends the run after the step in hand. */
  readonly signal?: AbortSignal;
}

export interface Outcome {
  /** What was changed; with planOnly, what would be. */
  readonly changes: number;
  /** Declared machines that are not there. */
  readonly awaiting: readonly string[];
  /** Phases that could not be done yet, each with its reason. */
  readonly deferred: readonly string[];
  readonly failures: readonly HardwayError[];
  readonly interrupted: boolean;
  /** Parts of what is wanted that could not be used; all else was done. */
  readonly refused?: readonly HardwayError[];
  /** What each machine said at the beginning of the last pass, in which all was as it should be if nothing failed. */
  readonly surveys?: ReadonlyMap<string, Survey>;
}

const PASSES = 8;
/** Seconds that facts may take: some twenty short commands. */
const FACTS = 60;
/** Passes in a row that a lost connection may end. */
const LOSSES = 3;

/** Passes over the whole recipe until one has changed nothing. */
export async function converge<S>(options: ConvergeOptions<S>): Promise<Outcome> {
  let changes = 0;
  let losses = 0;
  let patience = options.patience ?? 0;
  let patientUntil = 0;
  for (let pass = 1; ; pass += 1) {
    const outcome = await onePass(options, pass, patientUntil).catch(lostOutcome);
    changes += outcome.changes;
    losses = outcome.failures.length > 0 ? losses + 1 : 0;
    if (outcome.failures.every(isLost) && losses > 0 && losses < LOSSES && !outcome.interrupted) {
      for (const { message } of outcome.failures)
        options.report({ type: 'warning', text: `unknown: ${message}; looking again` });
      continue;
    }
    patientUntil = 0;
    if (patience > 0 && isStuck(options, outcome)) {
      patientUntil = Date.now() + patience * 1000;
      patience = 0;
      continue;
    }
    const over = outcome.changes === 0 || outcome.failures.length > 0 || outcome.interrupted;
    if (over || options.planOnly) return { ...outcome, changes };
    if (pass === PASSES)
      throw new HardwayError('RESTLESS', `still changing something after ${PASSES} passes`);
  }
}

/** Everything is there, and yet nothing could be done. */
const isStuck = <S>(
  { planOnly }: ConvergeOptions<S>,
  { changes, deferred, awaiting, failures, interrupted }: Outcome,
): boolean =>
  !planOnly && !interrupted && changes + awaiting.length + failures.length === 0 && deferred.length > 0;

/** A connection that broke before anything was decided. */
function lostOutcome(error: unknown): Outcome {
  const failure = asError(error);
  if (!isLost(failure)) throw error;
  return { changes: 0, awaiting: [], deferred: [], failures: [failure], interrupted: false };
}

/** What one pass knows; filled by asking, read by the phases. */
export interface Pass<S> {
  readonly options: ConvergeOptions<S>;
  /** From 1; the first of several found something to do, or was cut off. */
  readonly number: number;
  /** Until then needs are asked again though nothing was changed, milliseconds since 1970. */
  readonly patientUntil: number;
  readonly plan: Plan<S>;
  readonly present: ReadonlyMap<string, Connection>;
  readonly awaiting: readonly string[];
  readonly surveys: ReadonlyMap<string, Survey>;
  /** Needs that were asked and are true. */
  readonly met: Set<string>;
  changes: number;
  /** `<machine> <resource>` and what it was (or would be) made: what the survey no longer knows. */
  readonly changed: Map<string, State | null>;
  /** Of those, what a plan can only guess: nobody could be asked. What follows from it is a guess, too. */
  readonly guessed: Set<string>;
  readonly deferred: string[];
  readonly failures: HardwayError[];
}

async function onePass<S>(
  options: ConvergeOptions<S>,
  number: number,
  patientUntil: number,
): Promise<Outcome> {
  const { present, awaiting, failures, silent } = await reach(await options.machines());
  if (number === 1)
    for (const { name, why } of silent) options.report({ type: 'note', machine: name, text: why });
  const nothing = { changes: 0, awaiting, deferred: [], interrupted: false };
  if (failures.length > 0) return { ...nothing, failures };
  if (present.size === 0)
    return { ...nothing, failures: [], deferred: ['every phase: no machine is there yet'] };

  const facts = await askFacts(present, options.recipe);
  const plan = selected(remembered(await options.recipe.plan(facts)), options);
  if (number === 1) for (const text of plan.notes) options.report({ type: 'note', text });
  const surveys = new Map<string, Survey>();
  await everywhere(present, async (name, connection) => {
    if (options.selection?.machine(name) === false) return;
    const resources = resourcesOf(plan, name);
    const answers = await survey(name, connection, [...resources, ...(plan.observations?.(name) ?? [])]);
    surveys.set(name, answers);
    if (!options.planOnly) await refuseWithoutRoom(name, connection, cargo(resources, answers));
  });

  const pass: Pass<S> = {
    options,
    plan,
    present,
    awaiting,
    surveys,
    met: new Set(),
    number,
    patientUntil,
    changes: 0,
    changed: new Map(),
    guessed: new Set(),
    deferred: [],
    failures: [],
  };
  for (const phase of plan.phases) {
    if (options.signal?.aborted || pass.failures.length > 0) break;
    await runPhase(pass, phase);
  }
  const { changes, deferred, failures: failed } = pass;
  const interrupted = options.signal?.aborted ?? false;
  const { refused = [] } = plan;
  return { changes, awaiting, deferred, failures: failed, interrupted, refused, surveys };
}

const selected = <S>(plan: Plan<S>, { selection }: ConvergeOptions<S>): Plan<S> =>
  selection === undefined
    ? plan
    : { ...plan, phases: plan.phases.filter(({ name }) => selection.phase(name)) };

interface Reached {
  readonly present: ReadonlyMap<string, Connection>;
  readonly awaiting: readonly string[];
  readonly failures: readonly HardwayError[];
  /** Those that are known and did not answer. */
  readonly silent: readonly { readonly name: string; readonly why: string }[];
}

/** Connects to all machines at once. Not being there is no failure; being somebody else is. */
async function reach(machines: readonly Machine[]): Promise<Reached> {
  const present = new Map<string, Connection>();
  const awaiting: string[] = [];
  const failures: HardwayError[] = [];
  const silent: { name: string; why: string }[] = [];
  const results = await Promise.allSettled(machines.map(({ connection }) => connection?.connect()));
  machines.forEach(({ name, connection, leaving = false }, index) => {
    const result = results[index];
    const isAbsent =
      connection === null ||
      (result?.status === 'rejected' && result.reason instanceof ConnectionError && result.reason.absent);
    if (isAbsent) {
      awaiting.push(...(leaving ? [] : [name]));
      if (result?.status === 'rejected')
        silent.push({ name, why: asError(result.reason).message.replace(`${name}: `, '') });
    } else if (result?.status === 'fulfilled') present.set(name, connection);
    else failures.push(asError(result?.reason));
  });
  return { present, awaiting, failures, silent };
}

async function askFacts<S>(
  present: ReadonlyMap<string, Connection>,
  recipe: Recipe<S>,
): Promise<Map<string, string>> {
  const facts = new Map<string, string>();
  await everywhere(present, async (name, connection) => {
    const result = await connection.run(recipe.facts, { limit: FACTS });
    refuseLost(name, result, 'while it was asked what kind of machine it is');
    if (!result.ok) {
      throw new HardwayError(
        'FACTS',
        `${name}: could not be asked what kind of machine it is (${result.outcome})`,
        {
          evidence: result.stderr.trim().split('\n').slice(-5),
        },
      );
    }
    facts.set(name, result.stdout);
  });
  return facts;
}

function resourcesOf<S>(plan: Plan<S>, machine: string): Resource[] {
  return plan.phases
    .flatMap((phase) => phase.stages.map((stage) => ({ stage, on: stage.on ?? phase.on })))
    .filter(({ on }) => on.includes(machine))
    .flatMap(({ stage }) => [...stage.resources(plan.scope(machine))]);
}

/** The same work on all machines at once; the first failure is thrown when all have ended. */
export async function everywhere(
  machines: ReadonlyMap<string, Connection>,
  work: (name: string, connection: Connection) => Promise<void>,
): Promise<void> {
  const results = await Promise.allSettled([...machines].map(([name, connection]) => work(name, connection)));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
