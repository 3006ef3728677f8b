import { HardwayError } from '../../errors.ts';
import { printable } from '../../report/printable.ts';
import { redact, redactedJson } from '../../report/redact.ts';
import type { DemoStep } from '../demonstration.ts';
import { exitCode } from '../exit-codes.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { refuseTogether } from '../refuse-together.ts';
import { reportFor } from '../reporting.ts';
import { openSession } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

export const demo = (product: Product): Verb =>
  verb(
    'demo',
    'Deploy a web page with a database, check each step, and take it away again',
    (yargs) =>
      yargs
        .option('keep', { type: 'boolean', default: false, describe: 'let it stay, to look at it' })
        .option('remove', { type: 'boolean', default: false, describe: 'take away what was kept' })
        .example('$0 demo', 'exit 0: every step worked, and nothing of it is left')
        .example('$0 demo --keep', 'and says where a browser finds it'),
    async (given) => {
      const keep = given['keep'] === true;
      refuseTogether(given, 'keep', ['remove']);
      const session = openSession(given);
      try {
        const [machines, { undertaken }, { tellFailure: failure }, demonstration] = await Promise.all([
          present(session),
          import('../undertaking.ts'),
          import('../run.ts'),
          product.demonstration(),
        ]);
        if (machines.size === 0)
          throw new HardwayError('NO_MACHINE', `no machine of ${session.cluster.name} is there`, {
            remedy: 'hardway status.',
          });
        const tell = (step: DemoStep): void => {
          if (!given.quiet) process.stdout.write(`${given.json ? redactedJson(step) : line(step)}\n`);
        };
        const tellFailure = (error: unknown): void => failure(reportFor(given), error);
        const isWell = await undertaken(session, given, 'demo', async (by) => {
          if (given['remove'] !== true)
            return demonstration.show(session.cluster, machines, keep, { ...by, tell, tellFailure });
          await demonstration.remove(session.cluster, machines, by);
          return true;
        });
        return isWell ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

const line = ({ step, found, seconds, url }: DemoStep): string =>
  redact(
    printable(`✓ ${step}: ${found} (${seconds.toFixed(1)} s)${url === undefined ? '' : `\n  → ${url}`}`),
  );
