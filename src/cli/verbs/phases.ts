import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { table } from '../table.ts';
import { type Verb, verb } from '../verb.ts';

export const phases = (product: Product): Verb =>
  verb(
    'phases',
    'List the steps of a bring-up: what each does, where, what it needs, its official page',
    (yargs) => yargs.example('$0 phases --json', 'for programs'),
    async (given) => {
      const all = await product.phases(openSession(given).cluster);
      const rows = all.map(({ name, title, on, needs }) => [name, title, on.join(' '), needs.join(', ')]);
      const text = given.json
        ? JSON.stringify(all)
        : [
            table([['PHASE', 'WHAT IT DOES', 'ON', 'NEEDS'], ...rows]),
            '',
            ...all.map(({ name, docs }) => `${name}: ${docs}`),
            '',
            'One by itself: hardway phase <name>; a part: hardway phase master, hardway phase minion. Several: hardway up --only, --from, --skip.',
          ].join('\n');
      process.stdout.write(`${text}\n`);
      return exitCode.done;
    },
  );

export const phase = (product: Product): Verb =>
  verb(
    'phase <name>',
    'Run one step by itself, or all those of a part: master, minion; too early, it says what is missing',
    (yargs) =>
      yargs
        .positional('name', { type: 'string', demandOption: true })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .example('$0 phase etcd', 'hardway phases lists them')
        .example('$0 phase master', 'all steps up to the control plane'),
    async (given) =>
      (await import('../run.ts')).run(product, openSession(given), { ...given, only: [given['name']] }, 'up'),
  );
