import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Report } from '../../report/event.ts';
import { terminal } from '../../report/terminal.ts';
import { withLock } from '../../state/lock.ts';
import { exitCode } from '../exit-codes.ts';
import type { Prepared, Product } from '../product.ts';
import { reportFor } from '../reporting.ts';
import { remember } from '../remember.ts';
import { openSession, type Session } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';

/** From an empty Debian host to a working cluster of machines on it, and back. */
export const lab = (product: Product): Verb =>
  verb(
    'lab [action]',
    'Make the lab on this host: tools, artefacts, box, machines, cluster',
    (yargs) =>
      yargs
        .positional('action', { choices: ['up', 'machines', 'destroy', 'network'] as const, default: 'up' })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .option('destroy', { type: 'boolean', default: false, describe: 'the same as the action destroy' })
        .example('$0 lab', 'from nothing to a verdict; over at once when all is there')
        .example('$0 lab machines', 'machines alone; then hardway up')
        .example('$0 lab destroy', 'machines, bridge and state; caches stay'),
    async (given) => {
      const session = openSession(given);
      const report = reportFor(given);
      const at = { cluster: session.cluster, dir: session.folder, report };
      if (given['action'] === 'network') {
        const [{ healNetwork }, { raiseLimits }] = await Promise.all([
          import('../../lab/network.ts'),
          import('../../lab/limits.ts'),
        ]);
        await healNetwork(session.cluster, session.folder);
        await raiseLimits(report);
        return exitCode.done;
      }
      if (given['destroy'] === true || given['action'] === 'destroy') {
        const { labDestroy } = await import('../../lab/lab.ts');
        await withLock(session.state.dir, { who: 'lab destroy', wait: 60 }, () => labDestroy(at));
        await leaveUserConfig(product, session, report);
        report({
          type: 'note',
          text: `the lab ${session.cluster.name} is gone; artefacts and boxes stay cached`,
        });
        return exitCode.done;
      }
      return given['action'] === 'machines' ? machinesAlone(session, report) : up(product, session, given);
    },
  );

/** The user's own kubeconfig names no cluster that is gone. One that cannot be read is the user's affair. */
async function leaveUserConfig(product: Product, { cluster, state }: Session, report: Report): Promise<void> {
  const { changeConfig, userConfig } = await import('../user-config.ts');
  const file = userConfig();
  if (!existsSync(file)) return;
  const { kubeconfigs } = await product.hand();
  const own = { name: cluster.name, origin: resolve(state.dir), file };
  const changed = await changeConfig(file, (text) => kubeconfigs.unmerge(text, own)).catch(() => false);
  if (changed) report({ type: 'note', text: `${file}: ours was taken out of it` });
}

async function up(product: Product, session: Session, given: Given): Promise<number> {
  const [{ labUp }, { isNew }, { run }] = await Promise.all([
    import('../../lab/lab.ts'),
    import('../converge.ts'),
    import('../run.ts'),
  ]);
  const { cluster, folder, state } = session;
  // Keys take a second of computing: made while the machines start.
  let prepared: Promise<Prepared> | undefined;
  const early: Product = { ...product, prepare: (...given) => (prepared ??= product.prepare(...given)) };
  const code = await labUp({
    cluster,
    dir: folder,
    report: reportFor(given),
    meanwhile: async () => void (await early.prepare(cluster, state, isNew(session))),
    converge: async (machines) => {
      for (const machine of machines) await remember(session, machine);
      return run(early, session, given, 'up');
    },
  });
  if (code === exitCode.done && !given.json && !given.quiet) terminal.print(nextSteps);
  return code;
}

/** For whoever wants to take the next step by hand. */
async function machinesAlone(session: Session, report: Report): Promise<number> {
  const { labUp } = await import('../../lab/lab.ts');
  return labUp({
    ...{ cluster: session.cluster, dir: session.folder, report },
    meanwhile: () => Promise.resolve(),
    converge: async (machines) => {
      for (const machine of machines) await remember(session, machine);
      return exitCode.done;
    },
  });
}

const nextSteps = `
Try next:
  npx hardway status
  kubectl --kubeconfig $(npx hardway kubeconfig --path) get pods -A
  raise "count" of the minions in cluster.json, then: npm run lab
`;
