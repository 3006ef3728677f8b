import { sudo } from '../box/sudo.ts';
import type { Cluster } from '../cluster/model.ts';
import { nth, overlaps, parseRange } from '../cluster/ranges.ts';
import { HardwayError } from '../errors.ts';
import { $ } from '../shell.ts';
import { hostAddresses, linkExists, portsOf } from './links.ts';
import { bridgeName } from './names.ts';

/** The cluster network: a bridge on which the host has the range's first address. Does nothing when it is there. */
export async function healBridge(cluster: Cluster): Promise<void> {
  const range = parseRange(cluster.network.machineCidr);
  const bridge = bridgeName(cluster.name);
  const wanted = `${nth(range, 1)}/${range.prefix}`;
  const addresses = await hostAddresses();
  refuseOverlap(cluster, addresses);
  const present = addresses.get(bridge) ?? [];
  if (isUp(present, wanted)) return;
  // Another run may be quicker by a moment; what counts is the address at the end.
  if (!linkExists(bridge)) await $({ nothrow: true })`${sudo} ip link add ${bridge} type bridge`;
  for (const old of present.filter((one) => one !== wanted)) {
    await $`${sudo} ip address del ${old} dev ${bridge}`;
  }
  await $`${sudo} ip address replace ${wanted} dev ${bridge}`;
  await $`${sudo} ip link set ${bridge} up`;
}

/** Stays while a machine hangs on it: a cluster of the same name in another folder. */
export async function removeBridge(cluster: Cluster): Promise<void> {
  const bridge = bridgeName(cluster.name);
  if (linkExists(bridge) && portsOf(bridge).length === 0) await $`${sudo} ip link delete ${bridge}`;
}

function isUp(present: readonly string[], wanted: string): boolean {
  return present.length === 1 && present[0] === wanted;
}

function refuseOverlap(cluster: Cluster, addresses: ReadonlyMap<string, readonly string[]>): void {
  const { machineCidr } = cluster.network;
  for (const [link, ranges] of addresses) {
    const taken = ranges.find((one) => overlaps(parseRange(one), parseRange(machineCidr)));
    if (taken === undefined || link === bridgeName(cluster.name)) continue;
    throw new HardwayError('LAB', `the network ${machineCidr} is taken: ${link} on this host has ${taken}`, {
      remedy: 'Set network.machineCidr in cluster.json to a range that is free here.',
    });
  }
}
