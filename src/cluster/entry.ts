/** Questions to one entry of `nodes`, which may still have mistakes: what is wrong in it is undefined. */
import type { Judged, NodeEntry, SshEntry } from './description.ts';
import { contains, isAddress } from './ranges.ts';
import type { Range } from './ranges.ts';
import { parseSsh } from './ssh-target.ts';
import type { ParsedSsh } from './ssh-target.ts';

export type Entry = Judged<NodeEntry> | undefined;

/** Which part of the machine range an entry's machines belong to. */
export type Area = 'master' | 'etcd' | 'minion';

export function areaOf(entry: Entry): Area | undefined {
  return (['master', 'minion', 'etcd'] as const).find((role) => entry?.roles?.includes(role));
}

export function isCounted(entry: Entry): boolean {
  return entry !== undefined && 'count' in entry;
}

/** How many machines it stands for; 1 when that is written wrongly. */
export function machineCount(entry: Entry): number {
  return entry?.count ?? 1;
}

/** It keeps the cluster's state and runs nothing of Kubernetes. */
export function isEtcdOnly(entry: Entry): boolean {
  return entry?.roles?.every((role) => role === 'etcd') === true;
}

/** Its machines are made by the lab, or by Vagrant, on the operator's computer. */
export function isMadeHere(entry: Entry): boolean {
  return entry !== undefined && !('ssh' in entry);
}

/** name, or name-1 … name-N. */
export function machineNames(entry: Entry): readonly (string | undefined)[] {
  const numbers = Array.from({ length: machineCount(entry) }, (_, index) => index + 1);
  return numbers.map((number) => entry?.name && (isCounted(entry) ? `${entry.name}-${number}` : entry.name));
}

export function sshOf(entry: Entry): Judged<ParsedSsh> | undefined {
  // Parsing only takes a text apart; an object, whole or not, passes as it is.
  return entry?.ssh === undefined ? undefined : parseSsh(entry.ssh as string | SshEntry);
}

/** Where SSH connects; undefined when that is wrong, or it does not. */
export function endpointOf(entry: Entry): Judged<SshEntry> | undefined {
  const ssh = sshOf(entry)?.entry;
  return ssh === 'local' ? undefined : (ssh as Judged<SshEntry> | undefined);
}

/** The address of its first machine, as far as the entry itself tells. */
export function ownAddress(entry: Entry, range: Range | undefined): string | undefined {
  if (entry !== undefined && 'address' in entry) return entry.address;
  const host = endpointOf(entry)?.host;
  const isInside = host !== undefined && range !== undefined && isAddress(host) && contains(range, host);
  return isInside ? host : undefined;
}
