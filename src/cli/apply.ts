import { asWritten } from '../cluster/addons.ts';
import type { Node } from '../cluster/model.ts';
import type { Outcome, Selection } from '../engine/converge.ts';
import { effect } from '../engine/site.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { type RunOptions, runRecipe } from './converge.ts';
import { collecting, readPlan, refuseMoved, writePlan } from './plan-file.ts';
import type { Product } from './product.ts';
import { agreed, onTerminal } from './question.ts';
import { changedKeys } from '../state/described.ts';
import { forget } from '../state/forget.ts';
import { leavingNodes, rememberOwn } from './remember.ts';
import { selectionOf } from './selection.ts';
import type { Session } from './session.ts';
import type { Given } from './verb.ts';

/** The phase in which machines leave the cluster: only with consent. */
const LEAVE = 'leave';
/** The phase that restarts machines through Vagrant, which holds its lock on them while it provisions. */
const RESIZE = 'resize';

/** Seconds that a run which is stuck waits: machines start up, or were started by a run that was killed. */
const PATIENCE = 20;

export interface Applied extends Outcome {
  /** Machines that should leave and may not. */
  readonly withheld: readonly string[];
  /** Only a part of the recipe was asked for. */
  readonly partial: boolean;
}

type Options = Omit<RunOptions, 'planOnly' | 'leaving' | 'selection'>;

/** Everything that would be done; written to a file when asked. */
export async function plan(
  product: Product,
  session: Session,
  given: Given,
  options: Options,
): Promise<Outcome> {
  const [leaving, selection] = await scope(product, session, given);
  const { report, changes } = collecting(options.report);
  const outcome = await runRecipe(product, session, {
    ...{ ...options, report, leaving, planOnly: true },
    ...(selection === undefined ? {} : { selection }),
  });
  for (const machine of outcome.awaiting)
    options.report({ type: 'note', machine, text: 'is not there yet; it joins when it is' });
  const out = given['out'];
  if (typeof out === 'string' && outcome.failures.length === 0) {
    await writePlan(out, session.cluster, changes);
    options.report({ type: 'note', text: `written to ${out}; hardway up --plan ${out} does exactly this` });
  }
  return outcome;
}

/** Makes it so. What needs consent and has none is left out, and named in `withheld`. */
export async function apply(
  product: Product,
  session: Session,
  given: Given,
  options: Options,
): Promise<Applied> {
  await rememberOwn(session);
  const [leaving, asked] = await scope(product, session, given);
  const run = (planOnly: boolean, selection: Selection | undefined, report: Report) =>
    runRecipe(product, session, {
      ...{ ...options, report, leaving, planOnly },
      ...(selection === undefined ? {} : { selection }),
      // Whoever asks for one step wants to know now.
      patience: Number(given['patience'] ?? (asked === undefined ? PATIENCE : 0)),
      accepted: () => tellChangedKeys(session, report),
    });
  if (typeof given['plan'] === 'string') {
    const kept = await readPlan(given['plan'], session.cluster);
    const { report, changes } = collecting(() => undefined);
    const looked = await run(true, asked, report);
    if (looked.failures.length > 0) return { ...looked, changes: 0, withheld: [], partial: true };
    refuseMoved(kept, changes);
  }
  const mayLeave = leaving.length > 0 && (asked?.phase(LEAVE) ?? true);
  const preview = () =>
    run(
      true,
      and(asked, (name) => name === LEAVE),
      options.report,
    );
  const agreed = !mayLeave || (await consent(leaving, given, preview));
  const left = [...(agreed ? [] : [LEAVE]), ...(given['from-vagrant'] === undefined ? [] : [RESIZE])];
  const selection = left.length === 0 ? asked : and(asked, (name) => !left.includes(name));
  const outcome = await run(false, selection, options.report);
  const isOver = outcome.failures.length === 0 && !outcome.interrupted && outcome.deferred.length === 0;
  if (mayLeave && agreed && isOver) await forgetAll(session, leaving, options.report);
  const withheld = agreed ? [] : leaving.map(({ name }) => name);
  return { ...outcome, withheld, partial: asked !== undefined };
}

async function scope(
  product: Product,
  session: Session,
  given: Given,
): Promise<[readonly Node[], Selection | undefined]> {
  const all = await leavingNodes(session);
  const { nodes } = session.cluster;
  const { leaver } = given;
  const leaving = leaver === undefined ? all : all.filter(({ name }) => name === leaver);
  const machines = [...nodes, ...leaving].map(({ name }) => name);
  const selection = selectionOf(given, await product.phases(session.cluster), machines);
  const mayChange = ({ name }: Node): boolean => selection?.machine(name) ?? true;
  // Taking leave touches the machine and the masters: by halves it would be forgotten before it is done.
  const mayLeave = (node: Node): boolean =>
    nodes.every(mayChange) && (given['destroying'] === true || mayChange(node));
  return [leaving.filter(mayLeave), selection];
}

const and = (selection: Selection | undefined, more: (phase: string) => boolean): Selection => ({
  phase: (name) => more(name) && (selection?.phase(name) ?? true),
  machine: (name) => selection?.machine(name) ?? true,
});

/** A reviewed plan is consent. Without a terminal nobody can be asked, and nobody leaves. */
async function consent(
  leaving: readonly Node[],
  given: Given,
  preview: () => Promise<Outcome>,
): Promise<boolean> {
  if (given['yes'] === true || typeof given['plan'] === 'string') return true;
  if (!onTerminal()) return false;
  await preview();
  const names = leaving.map(({ name }) => name).join(', ');
  if (await agreed(`${names} will leave the cluster. Go on?`)) return true;
  throw new HardwayError('DECLINED', 'nothing was changed');
}

/** For the account, and so that `why` can tell which of them was behind a change. */
async function tellChangedKeys({ state, cluster }: Session, report: Report): Promise<void> {
  const keys = await changedKeys(state, asWritten(cluster));
  if (keys.length > 0) report({ type: 'described', keys });
}

async function forgetAll({ state }: Session, leaving: readonly Node[], report: Report): Promise<void> {
  for (const { name } of leaving) {
    await effect({ machine: '', phase: LEAVE, report }, `forget ${name}`, () => forget(state, name));
    report({ type: 'note', machine: name, text: 'has left the cluster' });
  }
}
