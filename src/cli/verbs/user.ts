import { existsSync } from 'node:fs';
import { StateError, UsageError } from '../../errors.ts';
import { readUsers, recordUser, type UserRecord } from '../../state/users.ts';
import { writeAtomic } from '../../state/write-atomic.ts';
import { isNew } from '../converge.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { table } from '../table.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const user = (product: Product): Verb =>
  verb(
    'user <action> [name]',
    'Give a person a kubeconfig with a name and groups of their own, or list who has one',
    (yargs) =>
      yargs
        .positional('action', { choices: ['add', 'list'] as const, demandOption: true })
        .positional('name', { type: 'string' })
        .option('group', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [],
          describe: 'a group; may be repeated',
        })
        .option('ttl', { type: 'string', default: '8h', describe: 'how long it lives: 30m, 8h, 2d' })
        .option('output', { type: 'string', describe: 'write it into a file (0600) instead of showing it' })
        .example('$0 user add ann --group viewers --output ann.conf', 'ann may do what viewers may'),
    async (given) => (given['action'] === 'add' ? add(product, given) : list(given)),
  );

/** A certificate cannot be taken back: it lives shortly, and what it may do hangs on the RBAC of its groups. */
async function add(product: Product, given: Given): Promise<number> {
  const { name, output, ttl } = given;
  const groups = given['group'] as string[];
  if (typeof name !== 'string')
    throw new UsageError('no name is given', { remedy: 'hardway user add <name> --group <group>' });
  if (groups.length === 0)
    throw new UsageError(`${name} is in no group, and rights are given to groups`, {
      remedy: 'Name one: --group <group>',
    });
  if (typeof output === 'string' && existsSync(output))
    throw new UsageError(`${output} exists`, { remedy: 'Name another file, or remove this one.' });
  const session = openSession(given);
  const { cluster, state } = session;
  if (isNew(session))
    throw new StateError('no cluster was made from here yet', { remedy: 'hardway up makes it.' });
  const made = await product.user(cluster, state.path('pki'), { name, groups, ttl: String(ttl) });
  const { serial, expires } = made;
  // First the record: nobody has a credential that we know nothing of.
  const times = { issued: new Date().toISOString(), expires: expires.toISOString() };
  await recordUser(state, { name, groups, serial, ...times });
  if (typeof output === 'string') await writeAtomic(output, made.kubeconfig);
  else process.stdout.write(made.kubeconfig);
  return exitCode.done;
}

async function list(given: Given): Promise<number> {
  const { state } = openSession(given);
  const users = await readUsers(state);
  if (given.json) process.stdout.write(`${JSON.stringify(users)}\n`);
  else if (users.length === 0) process.stdout.write('nobody was given a kubeconfig\n');
  else process.stdout.write(`${table([['NAME', 'GROUPS', 'ENDS', 'SERIAL'], ...users.map(row)])}\n`);
  return exitCode.done;
}

const row = ({ name, groups, expires, serial }: UserRecord): string[] => [
  name,
  groups.join(','),
  `${expires}${Date.parse(expires) < Date.now() ? ' (over)' : ''}`,
  serial,
];
