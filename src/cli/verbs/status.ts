import { exitCode } from '../exit-codes.ts';
import { present } from '../present.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { nodeTable } from '../table.ts';
import { type Verb, verb } from '../verb.ts';

export const status = (product: Product): Verb =>
  verb(
    'status',
    'Show every machine and whether the cluster is well (exit 1: it is not)',
    (yargs) => yargs.example('$0 status --json', 'for programs'),
    async (given) => {
      const session = openSession(given);
      try {
        const found = await product.status(session.cluster, await present(session), 0);
        if (given.json) process.stdout.write(`${JSON.stringify(found)}\n`);
        else process.stdout.write(`${nodeTable(found.nodes)}\n\n${words(found.problems)}\n`);
        return found.problems.length === 0 ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

const words = (problems: readonly string[]): string =>
  problems.length === 0 ? 'all is well' : problems.map((problem) => `✗ ${problem}`).join('\n');
