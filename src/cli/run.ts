import type { Outcome } from '../engine/converge.ts';
import { asError } from '../engine/as-error.ts';
import { BusyError, type HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { terminal } from '../report/terminal.ts';
import { called, withLock } from '../state/lock.ts';
import { type Applied, apply, plan } from './apply.ts';
import { exitCode } from './exit-codes.ts';
import type { ClusterStatus, Product } from './product.ts';
import { journaled, reportFor } from './reporting.ts';
import type { Session } from './session.ts';
import { present } from './present.ts';
import { settings } from './settings.ts';
import { stopOnSignal } from './stop-on-signal.ts';
import { nodeTable } from './table.ts';
import { count, type Verdict, verdictOf } from './verdict.ts';
import type { Given } from './verb.ts';

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
  const stop = stopOnSignal(() =>
    report({ type: 'warning', text: 'stopping after the step in hand; once more to stop now' }),
  );
  const end = (code: number, text: string, changes: number): number => {
    report({ type: 'verdict', exitCode: code, text, changes, seconds: (Date.now() - began) / 1000 });
    return code;
  };
  const names = cluster.nodes.map(({ name }) => name);
  report({ type: 'start', verb, cluster: cluster.name, machines: names.length, names });
  for (const path of state.repaired)
    report({ type: 'warning', text: `${path} was open to others on this computer; it is closed again` });
  try {
    const options = { report, signal: stop.signal };
    const result =
      verb === 'plan'
        ? await planned(product, session, given, options)
        : await applied(product, session, given, options);
    const { failures, refused = [] } = result.outcome;
    for (const failure of [...failures, ...refused]) tellFailure(report, failure);
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
  if (!given.json && !given.quiet) terminal.print(`${settings(session.cluster)}\n\n`);
  greet(session);
  const outcome = await plan(product, session, given, options);
  return { outcome, verdict: (seconds) => verdictOf(outcome, true, seconds) };
}

/** Machines are reached while keys and artefacts are looked through. Who cannot be is told by whoever needs them. */
const greet = (session: Session): void => void present(session).catch(() => undefined);

/** The verdict needs the whole to be well, unless it failed already or only a part was asked for. */
async function applied(product: Product, session: Session, given: Given, options: Options): Promise<Result> {
  const { report } = options;
  const outcome = await locked(session, given, options, () => {
    greet(session);
    return apply(product, session, given, options);
  });
  const withheld = withheldVerdict(outcome, given, report);
  const { exitCode: code } = verdictOf(outcome, false, 0);
  const isWell =
    code === exitCode.failed ||
    outcome.partial ||
    (await closingCheck(product, session, given, report, outcome));
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

const locked = <T>(
  session: Session,
  given: Given,
  { report, signal }: Options,
  work: () => Promise<T>,
): Promise<T> =>
  withLock(
    session.state.dir,
    {
      who: 'up',
      ...(given['wait'] === undefined ? {} : { wait: Number(given['wait']) }),
      signal,
      onWait: (holder) => report({ type: 'note', text: `waiting for ${called(holder)}` }),
    },
    work,
  );

/** The quick check that ends each run, and the node table. What has just changed is given time to come up. */
async function closingCheck(
  product: Product,
  session: Session,
  given: Given,
  report: Report,
  outcome: Outcome,
): Promise<boolean> {
  const { nodes, problems } =
    (await evident(product, session, outcome)) ?? (await looked(product, session, outcome));
  if (nodes.length === 0) return true;
  if (!given.json && !given.quiet) terminal.print(`\n${nodeTable(nodes)}\n\n`);
  for (const problem of problems) report({ type: 'warning', text: problem });
  return problems.length === 0;
}

/** The last pass found every service running; what else it saw may do. Null when it does not. */
async function evident(product: Product, session: Session, outcome: Outcome): Promise<ClusterStatus | null> {
  const { surveys, deferred, awaiting, failures, interrupted } = outcome;
  if (surveys === undefined || interrupted || deferred.length + awaiting.length + failures.length > 0)
    return null;
  const nodes = await product.glance(session.cluster, surveys);
  return nodes && { nodes, problems: [] };
}

/** Seconds that what was changed may need to come up. */
const COMING_UP = 120;
/** Seconds after which a kubelet has noticed that its API server was restarted, and has said again that it is there. */
const RECONNECTING = 50;

async function looked(product: Product, session: Session, outcome: Outcome): Promise<ClusterStatus> {
  const machines = await present(session);
  if (machines.size === 0) return { nodes: [], problems: [] };
  return product.status(session.cluster, machines, patienceAfter(outcome));
}

/** Seconds, where machines are not there without which something could not be done: no waiting brings that about. */
const PARTIAL = 10;

const patienceAfter = ({ changes, deferred, awaiting }: Outcome): number =>
  deferred.length > 0 && awaiting.length > 0 ? PARTIAL : changes > 0 ? COMING_UP : RECONNECTING;

export function tellFailure(report: Report, error: unknown): void {
  const { message, evidence, remedy } = asError(error) as HardwayError;
  report({ type: 'failure', message, evidence, ...(remedy === undefined ? {} : { remedy }) });
}
