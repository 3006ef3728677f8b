import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

export const plan = (product: Product): Verb =>
  verb(
    'plan',
    'Show what up would change; writes on no machine (exit 2: there are differences)',
    (yargs) => yargs.example('$0 plan -v', 'with every value and its reason'),
    async (given) => (await import('../run.ts')).run(product, openSession(given), given, 'plan'),
  );
