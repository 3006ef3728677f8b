import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sudo } from '../../src/box/sudo.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { containerName } from '../../src/lab/names.ts';
import type { Lab } from '../live/support/lab.ts';

const execute = promisify(execFile);

/** Ends all processes of a machine at once, as pulling the plug does; what the kernel has written stays. */
export async function plugOut(lab: Lab, machine: string): Promise<void> {
  await root(['lxc-stop', '--kill', '--name', containerName(lab.name, machine)]);
}

/** As its user does it. Returns when the machine answers again. */
export async function turnOn(lab: Lab, machine: string): Promise<void> {
  const told = await lab.vagrant('up', '--no-provision', machine);
  if (told.code !== 0) throw new Error(`vagrant up ${machine}: exit ${told.code}\n${told.output}`);
}

/**
 * Keeps machines as they are now, to be had again within seconds. They are stopped meanwhile. The images of the box
 * are left where they are: their digests are known by inode.
 */
export async function remember(lab: Lab, machines: readonly string[]): Promise<void> {
  await Promise.all(machines.map((machine) => plugOut(lab, machine)));
  await Promise.all(machines.map((machine) => inFolder(lab, machine, KEEP)));
  await Promise.all(machines.map((machine) => start(lab, machine)));
}

export async function reset(lab: Lab, machines: readonly string[]): Promise<void> {
  await Promise.all(machines.map((machine) => plugOut(lab, machine)));
  await Promise.all(machines.map((machine) => inFolder(lab, machine, RESTORE)));
  await Promise.all(machines.map((machine) => start(lab, machine)));
}

const KEEP = `[ -d upper ] && [ -d var ] || { echo "the test needs machines that are layers over the box" >&2; exit 1; }
rm -rf kept && mkdir kept
cp config kept/config
tar -cf kept/upper.tar --xattrs '--xattrs-include=*' --numeric-owner -C upper .
tar -cf kept/var.tar --xattrs '--xattrs-include=*' --numeric-owner --exclude=./lib/hardway/images -C var .`;

const RESTORE = `[ -e kept/var.tar ]
cp kept/config config
rm -rf images && [ ! -e var/lib/hardway/images ] || mv var/lib/hardway/images images
find upper var work -mindepth 1 -delete
tar -xf kept/upper.tar --xattrs '--xattrs-include=*' --numeric-owner -C upper
tar -xf kept/var.tar --xattrs '--xattrs-include=*' --numeric-owner -C var
[ ! -e images ] || mv images var/lib/hardway/images`;

async function inFolder(lab: Lab, machine: string, script: string): Promise<void> {
  const folder = `/var/lib/lxc/${containerName(lab.name, machine)}`;
  await root(['sh', '-euc', `cd "$0"\n${script}`, folder]);
}

/** With the configuration that Vagrant left when it started them last: seconds faster than through Vagrant. */
async function start(lab: Lab, machine: string): Promise<void> {
  await root(['lxc-start', '--daemon', '--name', containerName(lab.name, machine)]);
  const host = addressOf(lab, machine);
  for (const end = Date.now() + 60_000; !(await answers(host)); await sleep(100)) {
    if (Date.now() > end) throw new Error(`${machine} (${host}) did not answer within 60 s`);
  }
}

function addressOf(lab: Lab, machine: string): string {
  const { nodes } = loadCluster(join(lab.folder, 'cluster.json'), { set: [] });
  return nodes.find(({ name }) => name === machine)?.address ?? machine;
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port: 22, timeout: 1000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', () => end(true)).once('error', () => end(false));
    socket.once('timeout', () => end(false)).once('close', () => resolve(false));
  });
}

async function root(words: readonly string[]): Promise<void> {
  const [program = '', ...rest] = [...sudo, ...words];
  await execute(program, rest, { maxBuffer: 2 ** 26 });
}
