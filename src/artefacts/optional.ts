import type { Cluster } from '../cluster/model.ts';

/** Names under which the lock keeps what only some clusters need. */
export const optionalFor = ({
  addons,
  charts,
  controlPlane,
  kubernetes,
}: Pick<Cluster, 'addons' | 'charts' | 'controlPlane' | 'kubernetes'>): string[] => [
  ...Object.keys(addons),
  ...(Object.keys(charts).length > 0 ? ['charts'] : []),
  ...(controlPlane.style === 'static-pods' ? ['static-pods'] : []),
  ...(kubernetes.flavour === 'kubeadm' ? ['kubeadm'] : []),
];
