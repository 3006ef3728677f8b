import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster, Node } from '../../cluster/model.ts';
import { newPrivateKey, publicHalf } from '../../connection/ssh-key-pair.ts';
import { openState } from '../../state/directory.ts';
import { forget } from '../../state/forget.ts';
import { withLock } from '../../state/lock.ts';
import { writeAtomic } from '../../state/write-atomic.ts';
import { healBridge, removeBridge } from '../bridge.ts';
import { attach } from '../links.ts';
import { ownMachines } from '../machines.ts';
import type { Lab, MachineMaker } from '../maker.ts';
import { bridgeName, hostLink } from '../names.ts';
import { accelerator, isEmulated } from './accelerator.ts';
import { type Image, machineImage } from './image.ts';
import { answers, hasDisk, isRunning, machineIn, makeDisk, powerDown, remove, start } from './machine.ts';

/** Computers of their own, each with its kernel, started by us alone. */
export const qemu: MachineMaker = {
  packages: ['sudo', 'iproute2', 'debootstrap', 'e2fsprogs', 'qemu-system-x86', 'qemu-utils'],

  async start(lab) {
    const { cluster, dir } = lab;
    await healBridge(cluster);
    await withLock(openState(join(dir, '.hardway')).dir, { who: 'lab' }, async () => {
      const runs = ({ name }: Node): boolean => isRunning(machineIn(cluster, dir, name));
      const own = ownMachines(cluster);
      for (const { name } of own.filter(runs))
        await attach(hostLink(cluster.name, name, 1), bridgeName(cluster.name));
      await startAll(
        lab,
        own.filter((node) => !runs(node)),
      );
    });
  },

  endpoints: ({ cluster, dir }) =>
    ownMachines(cluster).map(({ name, address }) => ({
      ...{ name, host: address, port: 22, user: 'vagrant', keys: [keyFile(dir)], provider: 'qemu' },
    })),

  async restart(lab, machine) {
    const { cluster, dir, report } = lab;
    await powerDown(machineIn(cluster, dir, machine), isEmulated(accelerator()) ? 300 : 60, report);
    await startAll(
      lab,
      ownMachines(cluster).filter(({ name }) => name === machine),
    );
  },

  async destroyOrphans({ cluster, dir }, known) {
    const declared = new Set(ownMachines(cluster).map(({ name }) => name));
    const gone = madeMachines(dir).filter((name) => !known.has(name) && !declared.has(name));
    for (const name of gone) await remove(machineIn(cluster, dir, name));
  },

  async destroy(lab) {
    await removeMachines(lab.cluster, lab.dir);
    await removeBridge(lab.cluster);
  },
};

/** Ends and deletes what was started from this folder. A new one under such a name has another host key. */
export async function removeMachines(cluster: Cluster, dir: string): Promise<void> {
  const state = openState(join(dir, '.hardway'));
  for (const name of madeMachines(dir)) {
    await remove(machineIn(cluster, dir, name));
    await forget(state, name);
  }
}

/** Those that have a folder here. */
export function madeMachines(dir: string): readonly string[] {
  const folder = join(dir, '.hardway', 'qemu');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** Returns when all of them answer. */
async function startAll({ cluster, dir, report }: Lab, nodes: readonly Node[]): Promise<void> {
  if (nodes.length === 0) return;
  const by = accelerator();
  if (isEmulated(by)) report({ type: 'warning', text: `machines are emulated, ten times slower: ${by.why}` });
  const key = await publicKey(dir);
  let image: Promise<Image> | undefined;
  for (const node of nodes) {
    const machine = machineIn(cluster, dir, node.name);
    if (!hasDisk(machine)) await makeDisk(machine, node, await (image ??= machineImage(cluster, report)));
    await start(machine, node, by, key);
    report({ type: 'note', machine: node.name, text: 'started under qemu' });
  }
  const seconds = isEmulated(by) ? 1200 : 120;
  await Promise.all(
    nodes.map(({ name, address }) => answers(machineIn(cluster, dir, name), address, seconds)),
  );
}

const keyFile = (dir: string): string => join(dir, '.hardway', 'qemu', 'key');

/** Of the one key that opens all machines of this folder, made at the first start. */
async function publicKey(dir: string): Promise<string> {
  const file = keyFile(dir);
  if (!existsSync(file)) await writeAtomic(file, newPrivateKey());
  return publicHalf(await readFile(file));
}
