import type { Cluster, Node } from '../../cluster/model.ts';
import { UsageError } from '../../errors.ts';
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
            'One by itself: hardway phase <name>; those of a role: hardway phase master, minion. Several: hardway up --only, --from, --skip.',
          ].join('\n');
      process.stdout.write(`${text}\n`);
      return exitCode.done;
    },
  );

export const phase = (product: Product): Verb =>
  verb(
    'phase <name>',
    'Run one step by itself, or all of a role: master, minion; too early, it says what is missing',
    (yargs) =>
      yargs
        .positional('name', { type: 'string', demandOption: true })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .example('$0 phase etcd', 'hardway phases lists them')
        .example('$0 phase master', 'everything on the masters, and the database'),
    async (given) => {
      const session = openSession(given);
      const part = partOf(session.cluster, String(given['name']));
      return (await import('../run.ts')).run(product, session, { ...given, ...part }, 'up');
    },
  );

/** One phase; or what makes machines of a role what they are, without what runs inside the cluster. */
function partOf({ nodes }: Cluster, name: string): object {
  if (name !== 'master' && name !== 'minion') return { only: [name] };
  const isControl = ({ roles }: Node): boolean => roles.includes('master') || roles.includes('etcd');
  const on = nodes.filter((node) => isControl(node) === (name === 'master')).map((node) => node.name);
  if (on.length > 0) return { on, skip: ['addons'] };
  throw new UsageError(`there is no ${name} in cluster.json that is nothing else`, {
    remedy: 'hardway phase master is everything here.',
  });
}
