import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { selecting } from '../selection.ts';
import { type Verb, verb } from '../verb.ts';

export const plan = (product: Product): Verb =>
  verb(
    'plan',
    'Show what up would change; writes on no machine (exit 2: there are differences)',
    (yargs) =>
      selecting(yargs)
        .option('out', {
          type: 'string',
          requiresArg: true,
          describe: 'keep the plan in this file, for up --plan',
        })
        .example('$0 plan -v', 'with every value')
        .example('$0 plan --out next.json && $0 up --plan next.json', 'review, then exactly that'),
    async (given) => (await import('../run.ts')).run(product, openSession(given), given, 'plan'),
  );
