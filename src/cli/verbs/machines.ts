import { dirname, resolve } from 'node:path';
import { loadCluster } from '../../cluster/load.ts';
import { exitCode } from '../exit-codes.ts';
import { verb } from '../verb.ts';

/** What the Vagrantfile must know; the one place where cluster.json is read. */
export const machines = verb(
  'machines',
  false,
  (yargs) => yargs.example('$0 machines', 'as the Vagrantfile asks'),
  async ({ file, set }) => {
    const { machinesView } = await import('../../lab/machines.ts');
    const cluster = loadCluster(file, { set: [...set] });
    process.stdout.write(`${JSON.stringify(machinesView(cluster, dirname(resolve(file))))}\n`);
    return exitCode.done;
  },
);
