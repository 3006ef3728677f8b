import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { provideArtefacts } from '../artefacts/artefacts.ts';
import { optionalFor } from '../artefacts/optional.ts';
import { secondsIn } from '../cluster/duration.ts';
import type { Node } from '../cluster/model.ts';
import { converge, type Outcome, type Selection } from '../engine/converge.ts';
import type { Recipe } from '../engine/phase.ts';
import { effect } from '../engine/site.ts';
import type { Report } from '../report/event.ts';
import { prepareToken } from '../state/token.ts';
import { writeAtomic } from '../state/write-atomic.ts';
import type { Prepared, Product } from './product.ts';
import type { Session } from './session.ts';

export interface RunOptions {
  readonly planOnly: boolean;
  /** Machines that are no longer in cluster.json. */
  readonly leaving: readonly Node[];
  readonly selection?: Selection;
  /** Seconds that a run which is stuck gives the machines. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
  readonly report: Report;
  /** Called once, when the machines have been asked and before anything is changed. */
  readonly accepted?: () => Promise<void>;
}

/** Prepares everything on the operator's side, then lets the engine converge (or plan). */
export async function runRecipe(product: Product, session: Session, options: RunOptions): Promise<Outcome> {
  const { cluster, state } = session;
  const { report, planOnly } = options;
  // Machines are asked what they are while keys are looked through; artefacts may take a quarter of an hour.
  const preparing = product.prepare(cluster, state, isNew(session), session.renewal);
  preparing.catch(() => undefined); // told when the plan is made
  const artefacts = await provideArtefacts({
    ...{ source: cluster.artefacts.source, addons: optionalFor(cluster), report },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const token = await prepareToken(state, secondsIn(cluster.token.ttl));
  const reload = async (name: string): Promise<void> => {
    const { makerOf } = await import('../lab/maker.ts');
    await (await makerOf(cluster)).restart({ cluster, dir: session.folder, report }, name);
  };
  const circumstances = {
    ...{
      artefacts,
      folder: session.folder,
      token: token.value,
      leaving: options.leaving,
      hostCpus: availableParallelism(),
    },
    restarting: { machines: session.machines, reload, report },
  };
  const here = { machine: '', phase: 'operator', report };
  const accept = once(() =>
    effect(here, 'keys and certificates', async () => {
      await (await preparing).keep();
      await token.keep();
      await options.accepted?.();
    }),
  );
  const described = once(async () => (await preparing).recipe(circumstances));
  const recipe: Recipe<unknown> = {
    facts: await product.facts(),
    // What stands against it is told by the plan; until then nothing is written on this side either.
    async plan(facts) {
      const plan = await (await described()).plan(facts);
      if (!planOnly) await accept();
      return plan;
    },
  };
  const outcome = await converge({
    ...{ recipe, machines: session.machines, report, planOnly, patience: options.patience ?? 0 },
    ...(options.selection === undefined ? {} : { selection: options.selection }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!planOnly && outcome.failures.length === 0)
    await effect(here, 'kubeconfig', async () => keepKubeconfig(session, await preparing));
  return outcome;
}

/** Nothing was ever brought up from this state directory, so nothing can depend on an earlier authority. */
export const isNew = ({ state }: Session): boolean => !existsSync(state.path('kubeconfig'));

function once<T>(act: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= act());
}

async function keepKubeconfig({ state }: Session, { kubeconfig }: Prepared): Promise<void> {
  await writeAtomic(state.path('kubeconfig'), kubeconfig);
}
