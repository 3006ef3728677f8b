import type { Outcome } from '../engine/converge.ts';
import { asError } from '../engine/as-error.ts';
import { BusyError, type HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { withLock } from '../state/lock.ts';
import { type Applied, apply, plan } from './apply.ts';
import { exitCode } from './exit-codes.ts';
import { isNew } from './converge.ts';
import type { ClusterStatus, NodeStatus, Product } from './product.ts';
import { journaled, reportFor } from './reporting.ts';
import type { Session } from './session.ts';
import { present } from './present.ts';
import { settings } from './settings.ts';
import { nodeTable } from './table.ts';
import { count, type Verdict, verdictOf } from './verdict.ts';
import type { Given } from './verb.ts';

/** Seconds to wait for another run; Vagrant's parallel machines wait for the first one's engine. */
const LOCK_WAIT = 1800;

/** One `up` or `plan` from lock to verdict. Returns the exit code. */
export async function run(
  product: Product,
  session: Session,
  given: Given,
  verb: 'up' | 'plan',
): Promise<number> {
  const { cluster, state } = session;
  const began = Date.now();
  const kept =
    verb === 'plan'
      ? { report: reportFor(given, 'plan'), flush: async () => {} }
      : journaled(reportFor(given), state);
  const { report } = kept;
  const stop = stopOnSignal(report);
  const end = (code: number, text: string, changes: number): number => {
    report({ type: 'verdict', exitCode: code, text, changes, seconds: (Date.now() - began) / 1000 });
    return code;
  };
  report({ type: 'start', verb, cluster: cluster.name, machines: cluster.nodes.length });
  try {
    const options = { report, signal: stop.signal };
    const result =
      verb === 'plan'
        ? await planned(product, session, given, options)
        : await applied(product, session, given, options);
    for (const failure of result.outcome.failures) tellFailure(report, failure);
    const verdict = result.verdict((Date.now() - began) / 1000);
    return end(verdict.exitCode, verdict.text, result.outcome.changes);
  } catch (error) {
    tellFailure(report, error);
    return end(error instanceof BusyError ? exitCode.busy : exitCode.failed, 'failed', 0);
  } finally {
    stop.release();
    await kept.flush();
    await session.close();
  }
}

interface Result {
  readonly outcome: Outcome;
  readonly verdict: (seconds: number) => Verdict;
}

type Options = { readonly report: Report; readonly signal: AbortSignal };

async function planned(product: Product, session: Session, given: Given, options: Options): Promise<Result> {
  if (!given.json && !given.quiet) process.stdout.write(`${settings(session.cluster)}\n\n`);
  const outcome = await plan(product, session, given, options);
  return { outcome, verdict: (seconds) => verdictOf(outcome, true, seconds) };
}

/** The verdict needs the whole to be well, unless it failed already or only a part was asked for. */
async function applied(product: Product, session: Session, given: Given, options: Options): Promise<Result> {
  const { report } = options;
  let glance: Glance = async () => null;
  const outcome = await locked(session, report, 'up', () => {
    glance = glanceAt(product, session);
    return apply(product, session, given, options);
  });
  const withheld = withheldVerdict(outcome, given, report);
  const { exitCode: code } = verdictOf(outcome, false, 0);
  const isWell =
    code === exitCode.failed ||
    outcome.partial ||
    (await closingCheck(product, session, given, report, outcome, glance));
  // While machines are missing the cluster cannot be well; that is what partial says.
  if (!isWell && code === exitCode.done) {
    const text = `not well after ${count(outcome.changes, 'change')}: the lines above say what`;
    return { outcome, verdict: () => ({ exitCode: exitCode.failed, text }) };
  }
  return { outcome, verdict: (seconds) => withheld ?? verdictOf(outcome, false, seconds) };
}

/** Who asked for the removal of a machine must learn that it did not happen; Vagrant cannot ask, and goes on. */
function withheldVerdict(outcome: Applied, given: Given, report: Report): Verdict | null {
  if (outcome.withheld.length === 0) return null;
  const names = outcome.withheld.join(', ');
  const text = `${names} still in the cluster though no longer in cluster.json; to remove: hardway up --yes`;
  report({ type: 'warning', text });
  if (given['from-vagrant'] !== undefined || outcome.failures.length > 0) return null;
  return { exitCode: exitCode.failed, text: `${count(outcome.changes, 'change')}; not removed: ${names}` };
}

const locked = <T>(session: Session, report: Report, who: string, work: () => Promise<T>): Promise<T> =>
  withLock(
    session.state.dir,
    {
      who,
      wait: LOCK_WAIT,
      onWait: (holder) =>
        report({
          type: 'note',
          text: `waiting for another run (${holder.who}, pid ${holder.pid} on ${holder.host})`,
        }),
    },
    work,
  );

type Glance = () => Promise<readonly NodeStatus[] | null>;

/** Asked while the engine asks its own questions: the answer counts only when they were all there was to do. */
function glanceAt(product: Product, session: Session): Glance {
  if (isNew(session)) return async () => null;
  const seen = present(session)
    .then((machines) => product.glance(session.cluster, machines))
    .catch(() => null); // what is wrong is told by whoever looks closer
  return () => seen;
}

/** The quick check that ends each run, and the node table. What has just changed is given time to come up. */
async function closingCheck(
  product: Product,
  session: Session,
  given: Given,
  report: Report,
  outcome: Outcome,
  glance: Glance,
): Promise<boolean> {
  const { nodes, problems } = (await unchanged(outcome, glance)) ?? (await looked(product, session, outcome));
  if (nodes.length === 0) return true;
  if (!given.json && !given.quiet) process.stdout.write(`\n${nodeTable(nodes)}\n\n`);
  for (const problem of problems) report({ type: 'warning', text: problem });
  return problems.length === 0;
}

/** Every service was found running, and the glance has seen the rest; null when that is not so. */
async function unchanged(outcome: Outcome, glance: Glance): Promise<ClusterStatus | null> {
  const { changes, deferred, awaiting, failures } = outcome;
  if (changes + deferred.length + awaiting.length + failures.length > 0) return null;
  const nodes = await glance();
  return nodes && { nodes, problems: [] };
}

async function looked(product: Product, session: Session, { changes }: Outcome): Promise<ClusterStatus> {
  const machines = await present(session);
  if (machines.size === 0) return { nodes: [], problems: [] };
  return product.status(session.cluster, machines, changes > 0 ? 120 : 20);
}

export function tellFailure(report: Report, error: unknown): void {
  const { message, evidence, remedy } = asError(error) as HardwayError;
  report({ type: 'failure', message, evidence, ...(remedy === undefined ? {} : { remedy }) });
}

/** The first signal ends the run after the step in hand, the second at once. */
function stopOnSignal(report: Report): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(exitCode.failed);
    controller.abort();
    report({ type: 'warning', text: 'stopping after the step in hand; once more to stop now' });
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handler);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of signals) process.off(signal, handler);
    },
  };
}
