import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { knownHosts } from '../../connection/known-hosts.ts';
import { newPrivateKey, publicHalf } from '../../connection/ssh-key-pair.ts';
import { openState } from '../../state/directory.ts';
import { removeMachine } from '../../state/inventory.ts';
import { writeAtomic } from '../../state/write-atomic.ts';
import { healBridge, removeBridge } from '../bridge.ts';
import { ownMachines } from '../machines.ts';
import type { Lab, MachineMaker } from '../maker.ts';
import { accelerator, isEmulated } from './accelerator.ts';
import { machineImage } from './image.ts';
import { isRunning, powerDown, remove, start } from './machine.ts';

/** Computers of their own, each with its kernel, started by us alone. */
export const qemu: MachineMaker = {
  packages: [
    ...['sudo', 'iproute2', 'debootstrap', 'busybox-static', 'e2fsprogs', 'kmod'],
    ...['qemu-system-x86', 'qemu-utils'],
  ],

  async start(lab) {
    await healBridge(lab.cluster);
    const isMissing = ({ name }: { name: string }): boolean => !isRunning(lab.dir, name);
    await startAll(lab, ownMachines(lab.cluster).filter(isMissing));
  },

  endpoints: ({ cluster, dir }) =>
    ownMachines(cluster).map(({ name, address }) => ({
      ...{ name, host: address, port: 22, user: 'vagrant', keys: [keyFile(dir)], provider: 'qemu' },
    })),

  async restart(lab, machine) {
    await powerDown(lab.cluster, lab.dir, machine);
    await startAll(
      lab,
      ownMachines(lab.cluster).filter(({ name }) => name === machine),
    );
  },

  async destroyOrphans({ cluster, dir }, known) {
    const declared = new Set(ownMachines(cluster).map(({ name }) => name));
    const gone = madeMachines(dir).filter((name) => !known.has(name) && !declared.has(name));
    for (const name of gone) await remove(cluster, dir, name);
  },

  destroy: ({ cluster }) => removeBridge(cluster),
};

/** Ends and deletes what was started from this folder; returns their names. A new one under such a name has a new host key. */
export async function removeMachines({ cluster, dir }: Omit<Lab, 'report'>): Promise<readonly string[]> {
  const state = openState(join(dir, '.hardway'));
  const names = madeMachines(dir);
  for (const name of names) {
    await remove(cluster, dir, name);
    await knownHosts(state.path('known_hosts')).forget(name, 22);
    await removeMachine(state, name);
  }
  return names;
}

async function startAll({ cluster, dir, report }: Lab, nodes: ReturnType<typeof ownMachines>): Promise<void> {
  if (nodes.length === 0) return;
  const image = await machineImage(cluster, report);
  const by = accelerator();
  if (isEmulated(by)) report({ type: 'warning', text: SLOW });
  const key = await publicKey(dir);
  for (const node of nodes) {
    await start(node, { cluster, dir, image, accelerator: by, key });
    report({ type: 'note', machine: node.name, text: 'started under qemu' });
  }
}

const SLOW =
  'this host’s processor lends itself to no machine (/dev/kvm): they are emulated, and ten times slower; timeouts may have to be longer';

/** Those that have a disk here. */
export function madeMachines(dir: string): readonly string[] {
  const folder = join(dir, '.hardway', 'qemu');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

const keyFile = (dir: string): string => join(dir, '.hardway', 'qemu', 'key');

/** Of the one key that opens all machines of this folder, made at the first start. */
async function publicKey(dir: string): Promise<string> {
  const file = keyFile(dir);
  if (!existsSync(file)) await writeAtomic(file, newPrivateKey());
  return publicHalf(await readFile(file));
}
