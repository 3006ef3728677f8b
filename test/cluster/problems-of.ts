import { inspect } from '../../src/cluster/inspect.ts';
import { problemLine } from '../../src/cluster/problem.ts';

/** The problem lines of a description given as text or as data. */
export function problemsOf(description: unknown, ...set: readonly string[]): readonly string[] {
  const text = typeof description === 'string' ? description : JSON.stringify(description);
  return inspect(text, 'c.json', set).problems.map(problemLine);
}

export const master = { name: 'master', roles: ['etcd', 'master'] };
export const minion = { name: 'minion', roles: ['minion'] };
