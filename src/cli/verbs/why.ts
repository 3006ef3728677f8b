import { UsageError } from '../../errors.ts';
import { readJournal } from '../../state/journal.ts';
import { exitCode } from '../exit-codes.ts';
import { history, tellHistory } from '../history.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { type Verb, verb } from '../verb.ts';

export const why = (product: Product): Verb =>
  verb(
    'why <machine> <thing>',
    'Tell why a file, unit or object is as it is: which runs changed it, which keys are behind it',
    (yargs) =>
      yargs
        .positional('machine', { type: 'string', demandOption: true })
        .positional('thing', {
          type: 'string',
          demandOption: true,
          describe: 'a unit, a path, or as plan names it',
        })
        .example('$0 why minion-1 kubelet', 'its unit file and its service')
        .example('$0 why master /etc/kubernetes/pki/apiserver.crt', 'one file'),
    async (given) => {
      const { cluster, state } = openSession(given);
      const [machine, thing] = [String(given['machine']), String(given['thing'])];
      const names = cluster.nodes.map(({ name }) => name);
      if (!names.includes(machine)) {
        throw new UsageError(`${machine} is no machine of ${cluster.name}`, {
          remedy: `There are: ${names.join(', ')}.`,
        });
      }
      const found = await product.explain(cluster, machine, (id) => isCalled(id, thing));
      if (found.length === 0) {
        throw new UsageError(`nothing of ours on ${machine} is called ${thing}`, {
          remedy: 'Name a unit, a path, or a thing as hardway plan does: service:kubelet.service.',
        });
      }
      const entries = await readJournal(state);
      const told = found.map((one) => ({ ...one, occasions: history(entries, machine, one) }));
      const text = given.json
        ? JSON.stringify(told)
        : told.map((one) => tellHistory(one, one.occasions)).join('\n\n');
      process.stdout.write(`${text}\n`);
      return exitCode.done;
    },
  );

/** "kubelet" names its service and its unit file. */
function isCalled(id: string, thing: string): boolean {
  const name = id.slice(id.indexOf(':') + 1);
  const last = name.slice(name.lastIndexOf('/') + 1);
  return [id, name, last].includes(thing) || last === `${thing}.service`;
}
