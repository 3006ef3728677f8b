import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { provideArtefacts } from '../artefacts/artefacts.ts';
import type { Node } from '../cluster/model.ts';
import { converge, type Outcome, type Selection } from '../engine/converge.ts';
import { effect } from '../engine/site.ts';
import type { Report } from '../report/event.ts';
import { clusterToken } from '../state/token.ts';
import { writeAtomic } from '../state/write-atomic.ts';
import type { Prepared, Product } from './product.ts';
import type { Session } from './session.ts';

export interface RunOptions {
  readonly planOnly: boolean;
  /** Machines that are no longer in cluster.json. */
  readonly leaving: readonly Node[];
  readonly selection?: Selection;
  readonly signal?: AbortSignal;
  readonly report: Report;
}

/** Prepares everything on the operator's side, then lets the engine converge (or plan). */
export async function runRecipe(product: Product, session: Session, options: RunOptions): Promise<Outcome> {
  const { cluster, state } = session;
  const { report, planOnly } = options;
  // Together: both take a while when they have something to do.
  const here = { machine: '', phase: 'operator', report };
  const [prepared, artefacts] = await Promise.all([
    planOnly
      ? prepareCopy(product, session)
      : effect(here, 'keys and certificates', () =>
          product.prepare(cluster, state.path('pki'), isNew(session)),
        ),
    provideArtefacts({ source: cluster.artefacts.source, report }),
  ]);
  const token = planOnly && isNew(session) ? 'aaaaaa.aaaaaaaaaaaaaaaa' : await clusterToken(state);
  const reload = async (name: string): Promise<void> => {
    const { vagrant } = await import('../lab/vagrant.ts');
    await vagrant(['reload', '--no-provision', name], session.folder, report);
  };
  const recipe = prepared.recipe({
    ...{ artefacts, token, leaving: options.leaving, hostCpus: availableParallelism() },
    restarting: { machines: session.machines, reload, report },
  });
  const outcome = await converge({
    ...{ recipe, machines: session.machines, report, planOnly },
    ...(options.selection === undefined ? {} : { selection: options.selection }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!planOnly && outcome.failures.length === 0)
    await effect(here, 'kubeconfig', () => keepKubeconfig(session, prepared));
  return outcome;
}

/** Nothing was ever brought up from this state directory, so nothing can depend on an earlier authority. */
export const isNew = ({ state }: Session): boolean => !existsSync(state.path('kubeconfig'));

/** Planning writes nothing: certificates it would make are made in a copy that is thrown away. */
async function prepareCopy(product: Product, session: Session): Promise<Prepared> {
  const copy = await mkdtemp(session.state.path('plan-'));
  try {
    const kept = session.state.path('pki');
    if (existsSync(kept)) await cp(kept, copy, { recursive: true });
    return await product.prepare(session.cluster, copy, isNew(session));
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function keepKubeconfig({ state }: Session, { kubeconfig }: Prepared): Promise<void> {
  await writeAtomic(state.path('kubeconfig'), kubeconfig);
}
