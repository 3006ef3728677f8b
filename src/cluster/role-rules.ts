/** Who must be there: somebody for each part of a cluster, and an odd number of members of the database. */
import type { Judged } from './description.ts';
import type { Entry } from './entry.ts';
import { machineCount } from './entry.ts';
import type { Role } from './model.ts';
import { areMastersNodes } from './nodes.ts';
import type { Finding } from './problem.ts';
import type { Settings } from './settings.ts';

export function roleFindings(entries: readonly Entry[], settings: Judged<Settings>): readonly Finding[] {
  // An entry with wrong roles may be the very one that is missed.
  if (entries.some((entry) => entry?.roles === undefined || entry.roles.includes(undefined))) return [];
  return [
    ...nobody('master', entries),
    ...nobody('etcd', entries),
    ...evenMembers(entries),
    ...(areMastersNodes(settings) || total('minion', entries) > 0 ? [] : [withoutNodes]),
  ];
}

function nobody(role: Role, entries: readonly Entry[]): readonly Finding[] {
  if (indexesOf(role, entries).length > 0) return [];
  return [{ path: ['nodes'], at: 'value', message: `no node has the role "${role}"; at least one needs it` }];
}

const withoutNodes: Finding = {
  ...{ path: ['controlPlane', 'registerNode'], at: 'value' },
  message: 'there would be no node at all, and no pod could run: no machine has the role "minion"',
  allowed: 'true; or an entry with the role "minion"',
};

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
