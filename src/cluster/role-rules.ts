/** What the recipe can build for now: one master, etcd on it, minions beside it. */
import type { Entry } from './entry.ts';
import { machineCount } from './entry.ts';
import type { Role } from './model.ts';
import type { Finding } from './problem.ts';

export function roleFindings(entries: readonly Entry[]): readonly Finding[] {
  // An entry with wrong roles may be the very one that is missed.
  if (entries.some((entry) => entry?.roles === undefined || entry.roles.includes(undefined))) return [];
  return [
    ...nobody('master', entries),
    ...nobody('etcd', entries),
    ...severalMasters(entries),
    ...evenMembers(entries),
    ...entries.flatMap(combination),
  ];
}

function nobody(role: Role, entries: readonly Entry[]): readonly Finding[] {
  if (indexesOf(role, entries).length > 0) return [];
  return [{ path: ['nodes'], at: 'value', message: `no node has the role "${role}"; exactly one needs it` }];
}

function severalMasters(entries: readonly Entry[]): readonly Finding[] {
  const message = `several masters are not supported yet; these are ${total('master', entries)}`;
  return total('master', entries) > 1 ? [{ ...lastOf('master', entries), message }] : [];
}

function evenMembers(entries: readonly Entry[]): readonly Finding[] {
  const members = total('etcd', entries);
  if (members === 0 || members % 2 === 1) return [];
  const message = `${members} etcd members bear no more failures than ${members - 1}; an odd number is needed`;
  return [{ ...lastOf('etcd', entries), message }];
}

function combination(entry: Entry, index: number): readonly Finding[] {
  const has = (role: Role) => entry?.roles?.includes(role) === true;
  const complain = (message: string): readonly Finding[] => [
    { path: ['nodes', index, 'roles'], at: 'value', message },
  ];
  if (has('etcd') && !has('master'))
    return complain('etcd on a machine that is no master is not supported yet');
  if (has('master') && has('minion'))
    return complain('master and minion on one machine are not supported yet');
  return [];
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
