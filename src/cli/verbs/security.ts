import { BusyError } from '../../errors.ts';
import { called, withLock } from '../../state/lock.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { journaled, reportFor } from '../reporting.ts';
import { openSession } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const security = (product: Product): Verb =>
  verb(
    'security <action>',
    'Encrypt all Secrets of the cluster with a new key: security rotate-key',
    (yargs) =>
      yargs
        .positional('action', { choices: ['rotate-key'] as const, demandOption: true })
        .example(
          '$0 security rotate-key',
          'also after security.encryption was changed; goes on when it was cut off',
        ),
    (given) => rotate(product, given),
  );

async function rotate(product: Product, given: Given): Promise<number> {
  const session = openSession(given);
  const { report, flush } = journaled(reportFor(given), session.state);
  const [{ rotateKey }, { tellFailure }] = await Promise.all([
    import('../rotate-key.ts'),
    import('../run.ts'),
  ]);
  const { cluster, state } = session;
  const began = Date.now();
  const end = (code: number, text: string): number => {
    report({ type: 'verdict', exitCode: code, text, changes: 0, seconds: (Date.now() - began) / 1000 });
    return code;
  };
  report({
    type: 'start',
    verb: 'security rotate-key',
    cluster: cluster.name,
    machines: cluster.nodes.length,
  });
  try {
    const wait = {
      who: 'security rotate-key',
      onWait: (holder: Parameters<typeof called>[0]) =>
        report({ type: 'note', text: `waiting for ${called(holder)}` }),
    };
    await withLock(state.dir, wait, () => rotateKey(product, session, report));
    return end(exitCode.done, 'done: every Secret is encrypted with the new key');
  } catch (error) {
    tellFailure(report, error);
    return end(error instanceof BusyError ? exitCode.busy : exitCode.failed, 'failed');
  } finally {
    await flush();
    await session.close();
  }
}
