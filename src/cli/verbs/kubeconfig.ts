import { existsSync, readFileSync } from 'node:fs';
import { StateError } from '../../errors.ts';
import { exitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import { verb } from '../verb.ts';

export const kubeconfig = verb(
  'kubeconfig',
  'Print the administrator’s kubeconfig',
  (yargs) =>
    yargs
      .option('path', { type: 'boolean', default: false, describe: 'print where it lies instead' })
      .example('kubectl --kubeconfig $($0 kubeconfig --path) get nodes', 'use it'),
  async (given) => {
    const { state } = openSession(given);
    const path = state.path('kubeconfig');
    if (!existsSync(path)) {
      throw new StateError('there is no kubeconfig yet', { remedy: 'hardway up makes it.' });
    }
    process.stdout.write(given['path'] === true ? `${path}\n` : readFileSync(path, 'utf8'));
    return exitCode.done;
  },
);
