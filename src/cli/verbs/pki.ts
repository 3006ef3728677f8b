import { existsSync } from 'node:fs';
import { tar } from '../../artefacts/tar.ts';
import { UsageError } from '../../errors.ts';
import { nearest } from '../../cluster/suggest.ts';
import { writeAtomic } from '../../state/write-atomic.ts';
import { calendar, type Calendar } from '../calendar.ts';
import { isNew } from '../converge.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { calendarTable } from '../calendar-table.ts';
import { type Given, type Verb, verb } from '../verb.ts';

const actions = ['init', 'list', 'renew', 'rotate-ca', 'bundle'] as const;

export const pki = (product: Product): Verb =>
  verb(
    'pki <action> [names..]',
    'Certificates: make them beforehand, list what expires, renew, rotate an authority, bundle one machine’s',
    (yargs) =>
      yargs
        .positional('action', { choices: actions, demandOption: true })
        .positional('names', { type: 'string', array: true, default: [] })
        .option('all', { type: 'boolean', default: false, describe: 'renew: every certificate' })
        .option('output', {
          alias: 'o',
          type: 'string',
          requiresArg: true,
          describe: 'bundle: the archive to write',
        })
        .example('$0 pki init', 'keys and certificates before there is any machine; up uses these')
        .example('$0 pki list', 'everything that expires, on all machines, as it lies there')
        .example('$0 pki renew master/apiserver', 'one certificate; nothing else is restarted')
        .example('$0 pki renew --all', 'all of them, the kubelets’ too')
        .example('$0 pki rotate-ca', 'another cluster authority, in three steps, while the cluster works')
        .example('$0 pki bundle minion-1 | ssh minion-1 sudo tar -xpf - -C /', 'certificates of one machine'),
    async (given) => {
      const names = (given['names'] as readonly string[]) ?? [];
      switch (given['action']) {
        case 'init':
          return init(product, given, names);
        case 'list':
          return list(product, given, names);
        case 'renew':
          return renew(product, given, names);
        case 'bundle':
          return bundle(product, given, names);
        default:
          return (await import('../rotate-ca.ts')).rotateAuthority(
            product,
            given,
            single(names, 'ca', 'authority'),
          );
      }
    },
  );

async function init(product: Product, given: Given, names: readonly string[]): Promise<number> {
  if (names.length > 0) throw new UsageError(`pki init takes no name, and was given ${names.join(', ')}`);
  return (await import('../init-pki.ts')).initPki(product, openSession(given), given);
}

async function list(product: Product, given: Given, names: readonly string[]): Promise<number> {
  if (names.length > 0) throw new UsageError(`pki list takes no name, and was given ${names.join(', ')}`);
  const session = openSession(given);
  try {
    const found = await calendar(await product.pki(), session);
    process.stdout.write(
      given.json ? `${JSON.stringify(forPrograms(found))}\n` : `${calendarTable(found)}\n`,
    );
    const isOver = found.entries.some(({ ends }) => Date.parse(ends) < Date.now());
    return isOver || found.absent.length > 0 ? exitCode.failed : exitCode.done;
  } finally {
    await session.close();
  }
}

const forPrograms = ({ entries, absent }: Calendar): object => ({
  certificates: entries.map(({ pem: _, ...entry }) => entry),
  absent,
});

async function renew(product: Product, given: Given, names: readonly string[]): Promise<number> {
  const { cluster } = openSession(given);
  const known = (await product.pki()).renewable(cluster);
  if ((names.length === 0) === (given['all'] !== true))
    throw new UsageError('say which certificates: names, or --all', {
      remedy: `There are: ${known.join(', ')}.`,
    });
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, known);
    throw new UsageError(
      `there is no certificate ${unknown}${near === undefined ? '' : `; did you mean ${near}?`}`,
      {
        remedy: `There are: ${known.join(', ')}.`,
      },
    );
  }
  const session = openSession({ ...given, renew: given['all'] === true ? known : names });
  refuseNew(isNew(session));
  return (await import('../run.ts')).run(product, session, given, 'up');
}

async function bundle(product: Product, given: Given, names: readonly string[]): Promise<number> {
  const { cluster, state } = openSession(given);
  const name = single(names, undefined, 'machine');
  const node = cluster.nodes.find((each) => each.name === name);
  if (node === undefined) {
    throw new UsageError(`there is no machine ${name} in ${cluster.name}`, {
      remedy: `There are: ${cluster.nodes.map((each) => each.name).join(', ')}.`,
    });
  }
  refuseNew(!existsSync(state.path('pki', 'ca.key')));
  const output = given['output'];
  if (output === undefined && process.stdout.isTTY)
    throw new UsageError('private keys are not written to a terminal', {
      remedy: 'Use --output, or a pipe.',
    });
  const files = await (await product.pki()).bundle(cluster, node, state);
  const archive = tar(files.map(({ content, ...file }) => ({ ...file, content: Buffer.from(content) })));
  if (output === undefined) await new Promise((done) => process.stdout.write(archive, done));
  else await writeAtomic(String(output), archive, 0o600);
  return exitCode.done;
}

function refuseNew(isYetToCome: boolean): void {
  if (isYetToCome)
    throw new UsageError('there are no certificates yet', { remedy: 'hardway up makes them.' });
}

function single(names: readonly string[], otherwise: string | undefined, what: string): string {
  const [name = otherwise, ...more] = names;
  if (name === undefined || more.length > 0) throw new UsageError(`name one ${what}`);
  return name;
}
