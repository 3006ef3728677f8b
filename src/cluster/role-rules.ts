/** Who must be there: somebody for each part of a cluster, and an odd number of members of the database. */
import type { Entry } from './entry.ts';
import { machineCount } from './entry.ts';
import type { Role } from './model.ts';
import type { Finding } from './problem.ts';

export function roleFindings(entries: readonly Entry[]): readonly Finding[] {
  // An entry with wrong roles may be the very one that is missed.
  if (entries.some((entry) => entry?.roles === undefined || entry.roles.includes(undefined))) return [];
  return [...nobody('master', entries), ...nobody('etcd', entries), ...evenMembers(entries)];
}

function nobody(role: Role, entries: readonly Entry[]): readonly Finding[] {
  if (indexesOf(role, entries).length > 0) return [];
  return [{ path: ['nodes'], at: 'value', message: `no node has the role "${role}"; at least one needs it` }];
}

function evenMembers(entries: readonly Entry[]): readonly Finding[] {
  const members = total('etcd', entries);
  if (members === 0 || members % 2 === 1) return [];
  const message = `${members} etcd members bear no more failures than ${members - 1}; an odd number is needed`;
  return [{ ...lastOf('etcd', entries), message }];
}

/** The place to look at when there are too many of a role. */
function lastOf(role: Role, entries: readonly Entry[]): Pick<Finding, 'path' | 'at'> {
  const index = indexesOf(role, entries).at(-1) ?? 0;
  return { path: ['nodes', index, machineCount(entries[index]) > 1 ? 'count' : 'roles'], at: 'value' };
}

function total(role: Role, entries: readonly Entry[]): number {
  return indexesOf(role, entries).reduce((sum, index) => sum + machineCount(entries[index]), 0);
}

function indexesOf(role: Role, entries: readonly Entry[]): readonly number[] {
  return [...entries.keys()].filter((index) => entries[index]?.roles?.includes(role));
}
