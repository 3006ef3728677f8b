import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { AddonSummary, Product } from '../product.ts';
import { openSession } from '../session.ts';
import { table } from '../table.ts';
import { type Given, type Verb, verb } from '../verb.ts';

const ACTIONS = ['list', 'enable', 'disable', 'diff', 'apply'] as const;

export const addons = (product: Product): Verb =>
  verb(
    'addons <action> [name]',
    'What runs inside the cluster: list, enable, disable, diff, apply',
    (yargs) =>
      yargs
        .positional('action', { choices: ACTIONS, demandOption: true })
        .positional('name', { type: 'string', describe: 'of a built-in add-on, to enable or disable' })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .option('edit-only', {
          type: 'boolean',
          default: false,
          describe: 'change cluster.json; the next up does the rest',
        })
        .option('every', {
          type: 'string',
          describe: 'apply again at this interval, such as 5m, until you stop it',
        })
        .example('$0 addons list', 'what there is, what is on, what lies in addons/')
        .example('$0 addons enable metrics-server', 'writes it into cluster.json and applies it')
        .example('$0 addons diff -v', 'what apply would change, field by field')
        .example('$0 addons apply', 'only the add-ons, for example after a file was put into addons/')
        .example('$0 addons apply --every 5m', 'puts back what others change, as long as it runs'),
    async (given) => {
      const action = given['action'] as (typeof ACTIONS)[number];
      if (given['every'] !== undefined && action !== 'apply')
        throw new UsageError(`--every belongs to "addons apply", not to "addons ${action}"`);
      switch (action) {
        case 'list':
          return list(product, given);
        case 'diff':
          return converge(product, { ...given, only: ['addons'] }, 'plan');
        case 'apply':
          return given['every'] === undefined ? apply(product, given) : again(product, given);
        case 'enable':
          return turn(product, given, true);
        case 'disable':
          return turn(product, given, false);
      }
    },
  );

const converge = async (product: Product, given: Given, verbName: 'up' | 'plan'): Promise<number> =>
  (await import('../run.ts')).run(product, openSession(given), given, verbName);

/** Add-ons are what one waits for: nodes that are on their way are given their time. */
async function apply(product: Product, given: Given): Promise<number> {
  const { timeouts } = openSession(given).cluster;
  return converge(product, { ...given, only: ['addons'], patience: timeouts['nodeReady'] }, 'up');
}

async function again(product: Product, given: Given): Promise<number> {
  const { interval, repeatedly } = await import('../repeatedly.ts');
  return repeatedly(interval(given['every']), given, (round) => apply(product, round));
}

async function list(product: Product, given: Given): Promise<number> {
  const session = openSession(given);
  const all = await product.addons(session.cluster, session.folder);
  const rows = all.map(({ name, on, describe }) => [name, on ? 'on' : 'off', describe]);
  const text = given.json ? JSON.stringify(all) : table([['NAME', '', 'WHAT IT IS'], ...rows]);
  process.stdout.write(`${text}\n`);
  return exitCode.done;
}

/** Writes it into cluster.json, then brings the cluster there: an add-on may need something on every machine. */
async function turn(product: Product, given: Given, on: boolean): Promise<number> {
  const session = openSession(given);
  const addon = known(await product.addons(session.cluster, session.folder), given['name']);
  const file = resolve(given.file);
  if (addon.on === on) say(given, `${given.file}: addons.${addon.name} is ${on ? 'on' : 'off'} already`);
  else {
    const [{ edited }, { turned }, { writeAtomic }] = await Promise.all([
      import('../../cluster/edit.ts'),
      import('../addon-values.ts'),
      import('../../state/write-atomic.ts'),
    ]);
    const before = await readFile(file, 'utf8');
    const value = await turned(session.state, before, addon.name, on);
    const text = edited(before, file, [{ path: ['addons', addon.name], value }]);
    await writeAtomic(file, text, statSync(file).mode & 0o777);
    say(given, `${given.file}: addons.${addon.name} is ${JSON.stringify(value)}`);
  }
  return given['edit-only'] === true ? exitCode.done : converge(product, given, 'up');
}

const say = (given: Given, text: string): void =>
  void (given.json || given.quiet || process.stdout.write(`${text}\n`));

function known(all: readonly AddonSummary[], name: unknown): AddonSummary {
  const builtIn = all.filter(({ kind }) => kind === 'built-in');
  const found = builtIn.find((one) => one.name === name);
  if (found !== undefined) return found;
  const remedy = `There are: ${builtIn.map((one) => one.name).join(', ')}.`;
  if (name === undefined) throw new UsageError('say which add-on', { remedy });
  throw new UsageError(`there is no built-in add-on ${String(name)}`, { remedy });
}
