import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { cachedArtefacts } from '../artefacts/artefacts.ts';
import { finishedBox, type Box } from '../box/box.ts';
import { recipeFor } from '../box/recipe.ts';
import type { Cluster, Node } from '../cluster/model.ts';
import { parseRange, plus } from '../cluster/ranges.ts';
import { machinesFolder } from './vagrant.ts';
import { bridgeName, containerName, groupName, hardwareAddress, hostLink } from './names.ts';

/** What the Vagrantfile knows of the cluster. */
export interface MachinesView {
  readonly cluster: string;
  readonly bridge: string;
  /** Prefix length of the cluster network: 24. */
  readonly prefix: number;
  /** The same in the other spelling: 255.255.255.0. */
  readonly netmask: string;
  /** Mark of this folder's containers. */
  readonly group: string;
  readonly box: {
    /** Null until it has been built. */
    readonly lxc: Pick<Box, 'name' | 'version' | 'catalog'> | null;
    /** For every other provider. */
    readonly default: string;
  };
  readonly machines: readonly MachineView[];
  /** Machines that Vagrant still has and cluster.json no longer: they can only be destroyed. */
  readonly orphans: readonly string[];
}

export interface MachineView {
  readonly name: string;
  readonly address: string;
  readonly cpus: number;
  /** MiB */
  readonly memory: number;
  readonly container: string;
  /** Settings of LXC that give it no more than cpus and memory. */
  readonly limits: Readonly<Record<string, string>>;
  /** eth0 leads outside, eth1 is on the cluster network. */
  readonly nics: readonly { readonly name: string; readonly hwaddr: string; readonly link: string }[];
}

/** Only looks into the caches; machines that cluster.json reaches by itself are not Vagrant's. */
export function machinesView(cluster: Cluster, folder: string = process.cwd()): MachinesView {
  const { prefix } = parseRange(cluster.network.machineCidr);
  return {
    cluster: cluster.name,
    bridge: bridgeName(cluster.name),
    prefix,
    netmask: plus('0.0.0.0', 2 ** 32 - 2 ** (32 - prefix)),
    group: groupName(cluster.name, folder),
    box: { lxc: builtBox(cluster) ?? null, default: 'debian/bookworm64' },
    machines: vagrantMachines(cluster).map((node) => machineView(cluster.name, node)),
    orphans: orphans(cluster, folder),
  };
}

/** Those that are made on this host. */
export function ownMachines(cluster: Cluster): readonly Node[] {
  return cluster.nodes.filter((node) => node.ssh === null);
}

const vagrantMachines = (cluster: Cluster): readonly Node[] =>
  cluster.provider === 'vagrant' ? ownMachines(cluster) : [];

/** By what Vagrant keeps of each machine it has made. */
export function orphans(cluster: Cluster, folder: string): string[] {
  const declared = new Set(vagrantMachines(cluster).map(({ name }) => name));
  const machines = machinesFolder(folder);
  const made = existsSync(machines) ? foldersIn(machines) : [];
  const exists = (name: string): boolean =>
    readdirSync(join(machines, name)).some((provider) => existsSync(join(machines, name, provider, 'id')));
  return made.filter((name) => !declared.has(name) && exists(name)).sort();
}

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** The box that these machines are made from, if it is in the cache. */
export function builtBox(cluster: Cluster): Box | undefined {
  const { box, source } = cluster.artefacts;
  if (box === 'bare') return finishedBox(recipeFor(cluster));
  const artefacts = cachedArtefacts(source);
  return artefacts && finishedBox(recipeFor(cluster), artefacts);
}

function machineView(cluster: string, { name, address, cpus, memory }: Node): MachineView {
  const nics = [0, 1].map((nic) => ({
    name: `eth${nic}`,
    hwaddr: hardwareAddress(cluster, name, nic),
    link: hostLink(cluster, name, nic),
  }));
  return {
    name,
    address,
    cpus,
    memory,
    container: containerName(cluster, name),
    limits: limits(cpus, memory),
    nics,
  };
}

/** As many of this host's CPUs as it has; LXC refuses to start with more. */
export const hostCpus = (cpus: number): number => Math.min(cpus, availableParallelism());

/** A container sees the whole host unless it is told otherwise; `memory` in MiB. */
function limits(cpus: number, memory: number): Record<string, string> {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const [group, most] = unified ? ['cgroup2', 'memory.max'] : ['cgroup', 'memory.limit_in_bytes'];
  return { [`${group}.cpuset.cpus`]: `0-${hostCpus(cpus) - 1}`, [`${group}.${most}`]: `${memory}M` };
}
