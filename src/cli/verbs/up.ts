import { text } from 'node:stream/consumers';
import { UsageError } from '../../errors.ts';
import type { Machine } from '../../state/inventory.ts';
import type { Product } from '../product.ts';
import { remember } from '../remember.ts';
import { selecting } from '../selection.ts';
import { openSession, type Session } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

const seconds = (given: number): number => {
  if (given >= 0 && given < Infinity) return given;
  throw new UsageError('--wait takes a number of seconds');
};

/** Brings everything that is there to what cluster.json says. */
export const up = (product: Product): Verb =>
  verb(
    'up',
    'Make the cluster what cluster.json says; safe to repeat',
    (yargs) =>
      selecting(yargs)
        .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'do not ask' })
        .option('wait', {
          ...{ type: 'number', requiresArg: true, coerce: seconds },
          describe: 'seconds to wait for another run; half an hour unless told',
        })
        .option('plan', {
          type: 'string',
          requiresArg: true,
          describe: 'do what this plan says; refused when the world has moved since',
        })
        .option('from-vagrant', {
          type: 'string',
          hidden: true,
          describe: 'this machine’s endpoint is on standard input',
        })
        .example('$0 up', 'converge all machines that are there')
        .example('$0 up --set timeouts.nodeReady=300', 'with one value overridden'),
    async (given) => {
      const session = openSession(given);
      const machine = given['from-vagrant'];
      if (typeof machine === 'string') await recordEndpoint(session, machine);
      return (await import('../run.ts')).run(product, session, given, 'up');
    },
  );

/** Vagrant tells where its own machine is; the engine never asks about another one. */
async function recordEndpoint(session: Session, name: string): Promise<void> {
  const { cluster } = session;
  const told = JSON.parse(await text(process.stdin)) as Machine;
  if (told.name !== name || !cluster.nodes.some((node) => node.name === name)) {
    throw new UsageError(`${name} is no machine of ${cluster.name}`);
  }
  await remember(session, told);
}
