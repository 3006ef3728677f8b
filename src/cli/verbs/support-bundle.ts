import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { writeAtomic } from '../../state/write-atomic.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

export const supportBundle = (product: Product): Verb =>
  verb(
    'support-bundle',
    'Gather status, versions, journal and logs of all machines into one file without secrets',
    (yargs) =>
      yargs
        .option('to', { type: 'string', describe: 'the file; default: hardway-<cluster>-<time>.tar.gz here' })
        .example('$0 support-bundle --to help.tar.gz', 'look through it before you give it away'),
    async (given) => {
      const session = openSession(given);
      try {
        const time = new Date().toISOString().replace(/[:-]|\.\d+/g, '');
        const usual = `hardway-${session.cluster.name}-${time}.tar.gz`;
        const file = resolve(typeof given['to'] === 'string' ? given['to'] : usual);
        if (existsSync(file))
          throw new UsageError(`${file} exists`, { remedy: 'Name another file, or remove it.' });
        const gathered = await import('../support-bundle.ts');
        await writeAtomic(file, await gathered.supportBundle(product, session));
        process.stdout.write(`${file}\n`);
        return exitCode.done;
      } finally {
        await session.close();
      }
    },
  );
