import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { $ } from 'zx';
import { sudo } from '../../box/sudo.ts';
import type { Cluster, Node } from '../../cluster/model.ts';
import { parseRange } from '../../cluster/ranges.ts';
import { HardwayError } from '../../errors.ts';
import { linkExists, removeLink } from '../links.ts';
import { bridgeName, hardwareAddress, hostLink } from '../names.ts';
import { hostCpus } from '../machines.ts';
import type { Accelerator } from './accelerator.ts';
import type { Image } from './image.ts';

/** Disk, console and process number of each machine lie beside the cluster's keys. */
export const machineFolder = (dir: string, machine: string): string =>
  join(realpathSync(dir), '.hardway', 'qemu', machine);

/** Two pipes, ".in" and ".out": unlike a socket's their paths may be long. */
const monitorOf = (folder: string): string => join(folder, 'monitor');

const diskOf = (folder: string): string => join(folder, 'disk.qcow2');

export interface Starting {
  readonly cluster: Cluster;
  /** Folder of cluster.json. */
  readonly dir: string;
  readonly image: Image;
  readonly accelerator: Accelerator;
  /** Opens the machine: "ssh-ed25519 AAAA…". */
  readonly key: string;
}

/** Does nothing when it runs. Its disk outlives it; a new one costs nothing until something is written. */
export async function start(node: Node, by: Starting): Promise<void> {
  const folder = machineFolder(by.dir, node.name);
  if (processOf(folder) !== undefined) return;
  await mkdir(folder, { recursive: true });
  const disk = diskOf(folder);
  if (!existsSync(disk))
    await $({ quiet: true })`qemu-img create -q -f qcow2 -b ${by.image.disk} -F raw ${disk} ${node.disk}G`;
  for (const end of ['in', 'out'])
    if (!existsSync(`${monitorOf(folder)}.${end}`))
      await $({ quiet: true })`mkfifo ${monitorOf(folder)}.${end}`;
  await connect(by.cluster, node);
  const run = await $({ quiet: true, nothrow: true })`qemu-system-x86_64 ${words(node, folder, by)}`;
  if (run.ok) return;
  throw new HardwayError('LAB', `qemu could not start ${node.name}`, {
    evidence: run.stderr.trim().split('\n').slice(-5),
  });
}

/** Seconds that a machine has to end by itself. */
const POWER_DOWN = 120;

/** As by pressing its power button; one that does not care is stopped. */
export async function powerDown(cluster: Cluster, dir: string, machine: string): Promise<void> {
  const folder = machineFolder(dir, machine);
  if (processOf(folder) !== undefined) await appendFile(`${monitorOf(folder)}.in`, 'system_powerdown\n');
  await ended(folder, POWER_DOWN);
  await stop(cluster, dir, machine);
}

/** Whether its process has ended within so many seconds. */
async function ended(folder: string, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; processOf(folder) !== undefined; await sleep(100))
    if (Date.now() > end) return false;
  return true;
}

/** Ends its process, as by pulling the plug, and takes its NIC off the bridge. */
export async function stop(cluster: Cluster, dir: string, machine: string): Promise<void> {
  const folder = machineFolder(dir, machine);
  const pid = processOf(folder);
  if (pid !== undefined) process.kill(pid);
  if (!(await ended(folder, 10)))
    throw new HardwayError('LAB', `${machine}: qemu (process ${pid}) does not end`);
  await removeLink(hostLink(cluster.name, machine, 1));
}

/** With its disk. */
export async function remove(cluster: Cluster, dir: string, machine: string): Promise<void> {
  await stop(cluster, dir, machine);
  await rm(machineFolder(dir, machine), { recursive: true, force: true });
}

export const isRunning = (dir: string, machine: string): boolean =>
  processOf(machineFolder(dir, machine)) !== undefined;

/** Its number, if it is ours: numbers are given out again. */
function processOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(diskOf(folder)) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Its NIC on the cluster network, on this host's side. */
async function connect(cluster: Cluster, { name }: Node): Promise<void> {
  const link = hostLink(cluster.name, name, 1);
  const user = process.getuid?.() ?? 0;
  if (!linkExists(link)) await $({ quiet: true })`${sudo} ip tuntap add ${link} mode tap user ${user}`;
  await $({ quiet: true })`${sudo} ip link set ${link} master ${bridgeName(cluster.name)} up`;
}

function words({ name, address, cpus, memory }: Node, folder: string, by: Starting): string[] {
  const { cluster, image, accelerator, key } = by;
  const { prefix } = parseRange(cluster.network.machineCidr);
  const nic = (number: number): string =>
    `virtio-net-pci,netdev=nic${number},mac=${hardwareAddress(cluster.name, name, number)}`;
  const kernel = [
    ...['console=ttyS0', 'net.ifnames=0', 'panic=-1', ...accelerator.kernel],
    ...[`machine.address=${address}/${prefix}`, `machine.key=${key.replace(' ', ':')}`],
  ];
  return [
    ...['-name', `${name}.${cluster.name}`, '-daemonize', '-pidfile', join(folder, 'pid')],
    ...['-machine', 'q35', '-accel', accelerator.name, '-cpu', accelerator.cpu],
    ...['-smp', String(hostCpus(cpus)), '-m', String(memory), '-device', 'virtio-rng-pci'],
    ...[
      '-display',
      'none',
      '-chardev',
      `pipe,id=monitor,path=${monitorOf(folder)}`,
      '-mon',
      'chardev=monitor',
    ],
    ...[
      '-chardev',
      `file,id=console,path=${join(folder, 'console.log')},append=on`,
      '-serial',
      'chardev:console',
    ],
    ...['-kernel', image.kernel, '-initrd', image.initramfs, '-append', kernel.join(' ')],
    ...['-drive', `file=${diskOf(folder)},format=qcow2,if=virtio`],
    ...['-netdev', 'user,id=nic0', '-device', nic(0)],
    ...['-netdev', `tap,id=nic1,ifname=${hostLink(cluster.name, name, 1)},script=no,downscript=no`],
    ...['-device', nic(1)],
  ];
}
