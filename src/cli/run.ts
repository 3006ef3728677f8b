import type { Outcome } from '../engine/converge.ts';
import { asError } from '../engine/as-error.ts';
import { BusyError, type HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { withLock } from '../state/lock.ts';
import { runRecipe } from './converge.ts';
import { exitCode } from './exit-codes.ts';
import type { Product } from './product.ts';
import { journaled, reportFor } from './reporting.ts';
import type { Session } from './session.ts';
import { present } from './present.ts';
import { nodeTable } from './table.ts';
import { count, verdictOf } from './verdict.ts';
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
  const planOnly = verb === 'plan';
  const began = Date.now();
  const kept = planOnly
    ? { report: reportFor(given), flush: async () => {} }
    : journaled(reportFor(given), state);
  const { report } = kept;
  const stop = stopOnSignal(report);
  report({ type: 'start', verb, cluster: cluster.name, machines: cluster.nodes.length });
  try {
    const work = (): Promise<Outcome> =>
      runRecipe(product, session, { planOnly, report, signal: stop.signal });
    const outcome = planOnly ? await work() : await locked(session, report, verb, work);
    for (const failure of outcome.failures) tellFailure(report, failure);
    const seconds = (Date.now() - began) / 1000;
    const verdict = verdictOf(outcome, planOnly, seconds);
    const isWell =
      planOnly ||
      verdict.exitCode === exitCode.failed ||
      (await closingCheck(product, session, given, report, outcome));
    // While machines are missing the cluster cannot be well; that is what partial says.
    const spoiled = !isWell && verdict.exitCode === exitCode.done;
    const code = spoiled ? exitCode.failed : verdict.exitCode;
    const text = spoiled
      ? `not well after ${count(outcome.changes, 'change')}: the lines above say what`
      : verdict.text;
    report({
      type: 'verdict',
      exitCode: code,
      text,
      changes: outcome.changes,
      seconds: (Date.now() - began) / 1000,
    });
    return code;
  } catch (error) {
    tellFailure(report, error);
    const code = error instanceof BusyError ? exitCode.busy : exitCode.failed;
    report({
      type: 'verdict',
      exitCode: code,
      text: 'failed',
      changes: 0,
      seconds: (Date.now() - began) / 1000,
    });
    return code;
  } finally {
    stop.release();
    await kept.flush();
    await session.close();
  }
}

const locked = (
  session: Session,
  report: Report,
  who: string,
  work: () => Promise<Outcome>,
): Promise<Outcome> =>
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

/** The quick check that ends each run, and the node table. What has just changed is given time to come up. */
async function closingCheck(
  product: Product,
  session: Session,
  given: Given,
  report: Report,
  outcome: Outcome,
): Promise<boolean> {
  const machines = await present(session);
  if (machines.size === 0) return true;
  const { nodes, problems } = await product.status(session.cluster, machines, outcome.changes > 0 ? 120 : 20);
  if (!given.json && !given.quiet) process.stdout.write(`\n${nodeTable(nodes)}\n\n`);
  for (const problem of problems) report({ type: 'warning', text: problem });
  return problems.length === 0;
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
