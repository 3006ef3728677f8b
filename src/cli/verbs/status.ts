import { calendar, firstToEnd } from '../calendar.ts';
import { left } from '../calendar-table.ts';
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
        const there = await present(session);
        const [found, { entries }] = await Promise.all([
          product.status(session.cluster, there, 0),
          calendar(await product.pki(), session, there),
        ]);
        const { first, problem } = firstToEnd(entries);
        const problems = [...found.problems, ...(problem === null ? [] : [problem])];
        if (given.json) {
          const certificate = first && { ...first, pem: undefined };
          process.stdout.write(`${JSON.stringify({ ...found, problems, certificate })}\n`);
        } else {
          const next =
            first &&
            `next certificate to end: ${first.subject} in ${left(Date.parse(first.ends) - Date.now())}`;
          process.stdout.write(
            `${[nodeTable(found.nodes), '', ...(next ? [next] : []), words(problems)].join('\n')}\n`,
          );
        }
        return problems.length === 0 ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

const words = (problems: readonly string[]): string =>
  problems.length === 0 ? 'all is well' : problems.map((problem) => `✗ ${problem}`).join('\n');
