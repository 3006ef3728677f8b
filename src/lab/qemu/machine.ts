import { constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { chmod, copyFile, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { connect as connectTo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sudo } from '../../box/sudo.ts';
import type { Cluster, Node } from '../../cluster/model.ts';
import { parseRange } from '../../cluster/ranges.ts';
import { HardwayError } from '../../errors.ts';
import type { Report } from '../../report/event.ts';
import { $ } from '../../shell.ts';
import { isInUse, linkExists, removeLink } from '../links.ts';
import { hostCpus } from '../machines.ts';
import { bridgeName, hardwareAddress, hostLink } from '../names.ts';
import type { Accelerator } from './accelerator.ts';
import type { Image } from './image.ts';

/** What a machine is on this host: files beside the cluster's keys, and one process. */
export interface Machine {
  readonly cluster: Cluster;
  readonly name: string;
  /** Its disk and kernel, what it wrote on its console, the number of its process. */
  readonly folder: string;
}

export const machineIn = (cluster: Cluster, dir: string, name: string): Machine => ({
  ...{ cluster, name, folder: join(realpathSync(dir), '.hardway', 'qemu', name) },
});

const DISK = 'disk.qcow2';
const KERNEL = 'vmlinuz';
const INITRAMFS = 'initrd.img';
const CONSOLE = 'console.log';
/** Two pipes, ".in" and ".out": unlike a socket's their paths may be long. */
const MONITOR = 'monitor';

/** Bytes after which a console's record begins anew. */
const LONG = 4 * 2 ** 20;

export const hasDisk = ({ folder }: Machine): boolean => existsSync(join(folder, DISK));

/** A disk that costs nothing until something is written, and the kernel that belongs to it. */
export async function makeDisk({ folder }: Machine, { disk: gigabytes }: Node, image: Image): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await copyFile(image.kernel, join(folder, KERNEL));
  await copyFile(image.initramfs, join(folder, INITRAMFS));
  const draft = join(folder, 'disk.new');
  await $`qemu-img create -q -f qcow2 -b ${image.disk} -F raw ${draft} ${gigabytes}G`;
  await chmod(draft, 0o600);
  await rename(draft, join(folder, DISK));
}

/** `key` opens the machine: "ssh-ed25519 AAAA…". Returns when its process runs; it boots from then on. */
export async function start(machine: Machine, node: Node, by: Accelerator, key: string): Promise<void> {
  const { folder, name } = machine;
  const console = join(folder, CONSOLE);
  const isLong = existsSync(console) && statSync(console).size > LONG;
  await writeFile(console, '', { flag: isLong ? 'w' : 'a', mode: 0o600 });
  for (const pipe of ['in', 'out'].map((end) => join(folder, `${MONITOR}.${end}`)))
    if (!existsSync(pipe)) await $`mkfifo -m 600 ${pipe}`;
  await connect(machine);
  const run = await $({
    nothrow: true,
    cwd: folder,
  })`qemu-system-x86_64 ${words(machine, node, by, key)}`;
  if (run.ok) return;
  throw new HardwayError('LAB', `qemu could not start ${name}`, {
    evidence: run.stderr.trim().split('\n').slice(-5),
    remedy: 'A machine of its own with a new disk: hardway down, then hardway lab.',
  });
}

/** Until its SSH server greets. Throws HardwayError after so many seconds. */
export async function answers({ name, folder }: Machine, host: string, seconds: number): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await greets(host)); await sleep(500)) {
    if (Date.now() < end) continue;
    throw new HardwayError('LAB', `${name} was started and does not answer after ${seconds} s`, {
      evidence: readFileSync(join(folder, CONSOLE), 'utf8').trim().split('\n').slice(-3),
      remedy: `What it wrote on its console: ${join(folder, CONSOLE)}.`,
    });
  }
}

function greets(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo({ host, port: 22, timeout: 5000 });
    const over = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    socket.once('data', (chunk) => over(chunk.toString().startsWith('SSH-')));
    for (const event of ['error', 'timeout', 'close'] as const) socket.once(event, () => over(false));
  });
}

/** As by pressing its power button; one that does not care in so many seconds is stopped. */
export async function powerDown(machine: Machine, seconds: number, report: Report): Promise<void> {
  const monitor = join(machine.folder, `${MONITOR}.in`);
  // Nobody at the other end is no reason to wait.
  const pipe = await open(monitor, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await pipe?.write('system_powerdown\n');
  await pipe?.close();
  if (!(await ended(machine, seconds))) {
    const text = `does not power down in ${seconds} s: stopped`;
    report({ type: 'warning', machine: machine.name, text });
  }
  await stop(machine);
}

/** Ends its process, as by pulling the plug, and takes its NIC off the bridge. */
export async function stop(machine: Machine): Promise<void> {
  const { cluster, name } = machine;
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    end(machine, signal);
    if (await ended(machine, 10)) break;
  }
  if (isRunning(machine))
    throw new HardwayError('LAB', `${name}: its process ${processOf(machine)} does not end`, {
      remedy: 'Look what it waits for (ps, dmesg), then try again.',
    });
  const link = hostLink(cluster.name, name, 1);
  // Another folder may have a machine of the same name.
  if (!isInUse(link)) await removeLink(link);
}

/** With its disk. */
export async function remove(machine: Machine): Promise<void> {
  await stop(machine);
  await rm(machine.folder, { recursive: true, force: true });
}

export const isRunning = (machine: Machine): boolean => processOf(machine) !== undefined;

function end(machine: Machine, signal: NodeJS.Signals): void {
  const pid = processOf(machine);
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended just now.
  }
}

/** Whether its process has ended within so many seconds. */
async function ended(machine: Machine, seconds: number): Promise<boolean> {
  for (const end = Date.now() + seconds * 1000; isRunning(machine); await sleep(100))
    if (Date.now() > end) return false;
  return true;
}

/** Its number, if it is ours: numbers are given out again. */
function processOf({ folder }: Machine): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(option(join(folder, DISK)))
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
}

/** Its NIC on the cluster network, on this host's side. */
async function connect({ cluster, name }: Machine): Promise<void> {
  const link = hostLink(cluster.name, name, 1);
  if (isInUse(link))
    throw new HardwayError(
      'LAB',
      `${name}: its NIC ${link} is in use, by a cluster ${cluster.name} of another folder`,
      {
        remedy: 'Give this cluster another name, or destroy the other lab where it was made.',
      },
    );
  const user = process.getuid?.() ?? 0;
  if (!linkExists(link)) await $`${sudo} ip tuntap add ${link} mode tap user ${user}`;
  await $`${sudo} ip link set ${link} master ${bridgeName(cluster.name)} up`;
}

/** A path within an option of qemu's: commas end it. */
const option = (path: string): string => path.replaceAll(',', ',,');

function words(
  { cluster, name, folder }: Machine,
  { address, cpus, memory }: Node,
  accelerator: Accelerator,
  key: string,
): string[] {
  const at = (file: string): string => option(join(folder, file));
  const { prefix } = parseRange(cluster.network.machineCidr);
  const nic = (number: number): string =>
    `virtio-net-pci,netdev=nic${number},mac=${hardwareAddress(cluster.name, name, number)}`;
  const kernel = [
    ...['root=/dev/vda', 'rw', 'console=ttyS0', 'net.ifnames=0', 'panic=30', ...accelerator.kernel],
    ...[`machine.address=${address}/${prefix}`, `machine.key=${key.replace(' ', ':')}`],
  ];
  return [
    ...['-name', `${name}.${cluster.name}`, '-daemonize', '-pidfile', join(folder, 'pid')],
    ...['-machine', 'q35', '-accel', accelerator.name, '-cpu', accelerator.cpu],
    ...['-smp', String(hostCpus(cpus)), '-m', String(memory), '-device', 'virtio-rng-pci'],
    ...['-display', 'none', '-chardev', `pipe,id=monitor,path=${at(MONITOR)}`, '-mon', 'chardev=monitor'],
    ...['-chardev', `file,id=console,path=${at(CONSOLE)},append=on`, '-serial', 'chardev:console'],
    ...['-kernel', join(folder, KERNEL), '-initrd', join(folder, INITRAMFS), '-append', kernel.join(' ')],
    ...['-drive', `file=${at(DISK)},format=qcow2,if=virtio`],
    ...['-netdev', 'user,id=nic0', '-device', nic(0)],
    ...['-netdev', `tap,id=nic1,ifname=${hostLink(cluster.name, name, 1)},script=no,downscript=no`],
    ...['-device', nic(1)],
  ];
}
