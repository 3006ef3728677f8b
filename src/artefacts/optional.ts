import type { Cluster } from '../cluster/model.ts';

/** Names under which the lock keeps what only some clusters need. */
export const optionalFor = ({
  addons,
  charts,
  controlPlane,
}: Pick<Cluster, 'addons' | 'charts' | 'controlPlane'>): string[] => [
  ...Object.keys(addons),
  ...(Object.keys(charts).length > 0 ? ['charts'] : []),
  ...(controlPlane.style === 'static-pods' ? ['static-pods'] : []),
];
