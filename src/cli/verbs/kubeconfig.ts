import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../errors.ts';
import { kubeconfigOf } from '../client.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { refuseTogether, refuseWithout } from '../refuse-together.ts';
import { openSession } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const kubeconfig = (product: Product): Verb =>
  verb(
    'kubeconfig',
    'Print the administrator’s kubeconfig, or put it into your own',
    (yargs) =>
      yargs
        .option('path', { type: 'boolean', default: false, describe: 'print where it lies instead' })
        .option('to', { type: 'string', describe: 'write it into this file (0600) instead' })
        .option('merge', {
          type: 'boolean',
          default: false,
          describe: 'into your own file ($KUBECONFIG, ~/.kube/config, or --to); all else in it stays',
        })
        .option('unmerge', { type: 'boolean', default: false, describe: 'take it out of there again' })
        .option('use', {
          type: 'boolean',
          default: false,
          describe: 'merge: also make it the current context (always when there is none)',
        })
        .option('replace', {
          type: 'boolean',
          default: false,
          describe: 'merge: in place of entries of the same name that are not ours',
        })
        .example('kubectl --kubeconfig $($0 kubeconfig --path) get nodes', 'use it')
        .example('$0 kubeconfig --merge --use', 'then kubectl alone means this cluster'),
    (given) => act(product, given),
  );

async function act(product: Product, given: Given): Promise<number> {
  refuseTogether(given, 'merge', ['unmerge', 'path']);
  refuseTogether(given, 'path', ['to', 'unmerge']);
  refuseWithout(given, 'merge', ['use', 'replace']);
  if (given['unmerge'] === true) return unmerge(product, given);
  const { state } = openSession(given);
  const path = kubeconfigOf(state);
  if (given['merge'] === true || given['to'] !== undefined) return write(product, given);
  process.stdout.write(given['path'] === true ? `${path}\n` : readFileSync(path, 'utf8'));
  return exitCode.done;
}

/** With the address at which the API answers here; the usual one, and a warning, when none does. */
async function write(product: Product, given: Given): Promise<number> {
  const { cluster, state } = openSession(given);
  const [{ kubeconfigs }, { changeConfig, reachable, userConfig }] = await Promise.all([
    product.hand(),
    import('../user-config.ts'),
  ]);
  const plain = readFileSync(kubeconfigOf(state), 'utf8');
  const servers = kubeconfigs.servers(cluster);
  const server = await reachable(servers, kubeconfigs.authority(plain), cluster.timeouts['connect'] ?? 10);
  if (server === null)
    process.stderr.write(`! the API does not answer from here yet (asked: ${servers.join(', ')})\n`);
  const config = kubeconfigs.at(plain, server ?? servers[0] ?? '');
  const file = typeof given['to'] === 'string' ? resolve(given['to']) : userConfig();
  const { name } = cluster;
  const [use, replace] = [given['use'] === true, given['replace'] === true];
  const own = { name, origin: resolve(state.dir), kubeconfig: config, use, replace, file };
  const changed = await changeConfig(file, (text) =>
    given['merge'] === true ? kubeconfigs.merge(text, own) : insteadOf(text, config, file),
  );
  const what = given['merge'] === true ? `the context ${name}` : `the kubeconfig of ${name}`;
  process.stdout.write(`${file}: ${what} ${changed ? 'is in it now' : 'was in it already'}\n`);
  return exitCode.done;
}

/** Nobody's file is written over. */
function insteadOf(text: string, config: string, file: string): string {
  if (text === '' || text === config) return config;
  throw new UsageError(`${file} exists, and something else is in it`, {
    remedy: 'Remove it, or add to it with --merge.',
  });
}

async function unmerge(product: Product, given: Given): Promise<number> {
  const { cluster, state } = openSession(given);
  const [{ kubeconfigs }, { changeConfig, userConfig }] = await Promise.all([
    product.hand(),
    import('../user-config.ts'),
  ]);
  const file = typeof given['to'] === 'string' ? resolve(given['to']) : userConfig();
  const own = { name: cluster.name, origin: resolve(state.dir), file };
  const changed = await changeConfig(file, (text) => kubeconfigs.unmerge(text, own));
  process.stdout.write(
    `${file}: ${changed ? 'ours was taken out of it' : 'there is nothing of ours in it'}\n`,
  );
  return exitCode.done;
}
