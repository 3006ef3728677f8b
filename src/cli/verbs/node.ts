import { forget } from '../../state/forget.ts';
import { UsageError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { rememberOwn } from '../remember.ts';
import { openSession } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const node = (product: Product): Verb =>
  verb(
    'node <action> [name]',
    'Take one machine out of the cluster: its pods move, its node goes, the machine is cleaned; or find addresses',
    (yargs) =>
      yargs
        .positional('action', {
          choices: ['remove', 'forget', 'locate'] as const,
          demandOption: true,
          describe:
            'forget: only where it is and its host key, for a machine that no longer exists; locate: asks machines for the addresses that cluster.json lacks, and writes them there',
        })
        .positional('name', { type: 'string' })
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .option('destroying', {
          type: 'boolean',
          default: false,
          hidden: true,
          describe: 'the machine is about to go: it need not be cleaned, and nothing may stand in its way',
        })
        .example('$0 node remove minion-2', 'then take it out of cluster.json too')
        .example('$0 node locate', 'after "ssh": "node3/eth1" was written: the address of that NIC'),
    async (given) => {
      if (given['action'] === 'locate') return find(given);
      if (given['name'] === undefined) throw new UsageError('name one machine');
      if (given['action'] === 'remove')
        return given['destroying'] === true ? removeForDestruction(product, given) : remove(product, given);
      await forget(openSession(given).state, String(given['name']));
      return exitCode.done;
    },
  );

async function find({ file, name }: Given): Promise<number> {
  if (name !== undefined) throw new UsageError(`node locate takes no name, and was given ${String(name)}`);
  const { locate } = await import('../locate.ts');
  const found = await locate(file, (text) => process.stdout.write(text));
  process.stdout.write(found === 0 ? `${file} has the address of every machine\n` : `written to ${file}\n`);
  return exitCode.done;
}

async function remove(product: Product, given: Given): Promise<number> {
  const name = String(given['name']);
  const whole = openSession(given);
  await rememberOwn(whole);
  const declared = whole.cluster.nodes.some((node) => node.name === name);
  const session = openSession({ ...given, without: name });
  const known = (await session.machines()).some((machine) => machine.name === name);
  if (!known) {
    throw new UsageError(
      declared ? `${name} was never brought up` : `there is no machine ${name} in ${whole.cluster.name}`,
    );
  }
  const { run } = await import('../run.ts');
  const code = await run(product, session, { ...given, only: ['leave'], leaver: name }, 'up');
  if (code === exitCode.done && declared && !given.json) {
    process.stdout.write(`Take ${name} out of cluster.json too, or the next run brings it back.\n`);
  }
  return code;
}

/** Seconds for its pods to move while Vagrant waits. */
const HURRY = ['timeouts.drain=25', 'timeouts.connect=5'];

/** A cluster that is dead, or goes as a whole, must not keep a machine from being destroyed. */
async function removeForDestruction(product: Product, given: Given): Promise<number> {
  const name = String(given['name']);
  const session = openSession({ file: given.file, set: [...given.set, ...HURRY], without: name });
  const machine = (await session.machines()).find((each) => each.name === name);
  if (machine === undefined || !canSpare(session)) return exitCode.done;
  const others = session.cluster.nodes.map((node) => node.name);
  const { run } = await import('../run.ts');
  return run(product, session, { ...given, yes: true, only: ['leave'], on: others, leaver: name }, 'up');
}

/** What stays without it is still a cluster. */
const canSpare = ({ cluster }: ReturnType<typeof openSession>): boolean =>
  (['etcd', 'master'] as const).every((role) => cluster.nodes.some(({ roles }) => roles.includes(role)));
