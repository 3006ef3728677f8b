/** Names on the host that belong to one cluster; two labs on one host must not collide. */
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';

/** What the names of all clusters' bridges begin with, and no other link's. */
export const BRIDGES = 'hw-';

/** The bridge of the cluster network; an interface name has at most 15 characters. */
export function bridgeName(cluster: string): string {
  return `${BRIDGES}${cluster.length <= 12 ? cluster : hash(cluster, 12)}`;
}

/** "master.lab": no label holds a dot, so no two clusters can mean the same container. Also a host name: 64 at most. */
export function containerName(cluster: string, machine: string): string {
  const name = `${machine}.${cluster}`;
  return name.length <= 64 ? name : `${hash(name, 16)}.${cluster}`;
}

/** Marks the containers made from this folder, so that only our own are ever removed. */
export function groupName(cluster: string, folder: string): string {
  return `hardway-${cluster}-${hash(realpathSync(folder), 12)}`;
}

/** Host side of a machine's NIC: with a name of ours a broken bridge can be repaired under a running machine. */
export function hostLink(cluster: string, machine: string, nic: number): string {
  return `hw${hash(`${cluster}/${machine}`, 8)}.${nic}`;
}

/** Always the same for the same NIC: neither ARP tables nor DHCP leases go stale when a machine is made again. */
export function hardwareAddress(cluster: string, machine: string, nic: number): string {
  const digits = hash(`${cluster}/${machine}/${nic}`, 6);
  return `00:16:3e:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

function hash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
