import { dirname, resolve } from 'node:path';
import { loadCluster } from '../../cluster/load.ts';
import type { Cluster } from '../../cluster/model.ts';
import { HardwayError } from '../../errors.ts';
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
    const view = machinesView(cluster, dirname(resolve(file)));
    if (view.machines.length + view.orphans.length === 0) throw nothingForVagrant(cluster);
    if (cluster.provider === 'vagrant') await refuseBesideQemu(dirname(resolve(file)));
    process.stdout.write(`${JSON.stringify(view)}\n`);
    return exitCode.done;
  },
);

/** Vagrant would make a machine called "default". */
const nothingForVagrant = ({ provider }: Cluster): HardwayError =>
  new HardwayError('NOT_VAGRANT', 'cluster.json has no machine that Vagrant is to make', {
    remedy: provider === 'qemu' ? 'hardway lab starts them under qemu.' : 'They are there: hardway up.',
  });

/** Two machines would have one address. */
async function refuseBesideQemu(folder: string): Promise<void> {
  const { madeMachines } = await import('../../lab/qemu/qemu.ts');
  const made = madeMachines(folder);
  if (made.length > 0)
    throw new HardwayError(
      'NOT_VAGRANT',
      `${made.join(', ')}: made from this folder by qemu, and still there`,
      {
        remedy: 'Destroy them first: hardway down.',
      },
    );
}
