import type { Cluster } from '../cluster/model.ts';

/** Names under which the lock keeps what only some clusters need. */
export const optionalFor = ({ addons, charts }: Pick<Cluster, 'addons' | 'charts'>): string[] => [
  ...Object.keys(addons),
  ...(Object.keys(charts).length > 0 ? ['charts'] : []),
];
