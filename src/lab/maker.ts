import type { Cluster } from '../cluster/model.ts';
import type { Report } from '../report/event.ts';
import type { Machine } from '../state/inventory.ts';

export interface Lab {
  readonly cluster: Cluster;
  /** Folder of cluster.json, .hardway, and of the Vagrantfile. */
  readonly dir: string;
  readonly report: Report;
}

/** Makes the machines of cluster.json that have no `ssh`, on this host. */
export interface MachineMaker {
  /** Of Debian, on this host. */
  readonly packages: readonly string[];
  /** All of them run afterwards; those that did are left alone. */
  start(lab: Lab): Promise<void>;
  /** Where each of them is reached. */
  endpoints(lab: Lab): readonly Machine[];
  /** Stops and starts one, with the CPUs and memory that cluster.json says. */
  restart(lab: Lab, machine: string): Promise<void>;
  /** Deletes machines that are neither in cluster.json nor, any more, in the cluster (`known`). */
  destroyOrphans(lab: Lab, known: ReadonlySet<string>): Promise<void>;
  /** Deletes all machines that it has made from this folder, and the cluster network. */
  destroy(lab: Lab): Promise<void>;
}

/** By `provider`. */
export async function makerOf({ provider }: Pick<Cluster, 'provider'>): Promise<MachineMaker> {
  return provider === 'qemu' ? (await import('./qemu/qemu.ts')).qemu : (await import('./lxc.ts')).lxc;
}
