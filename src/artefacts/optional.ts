import type { Cluster } from '../cluster/model.ts';

/** Names under which the lock keeps what only some clusters need. */
export const optionalFor = ({
  addons,
  charts,
  controlPlane,
  kubernetes,
  network,
}: Pick<Cluster, 'addons' | 'charts' | 'controlPlane' | 'kubernetes' | 'network'>): string[] => [
  ...Object.keys(addons),
  ...(Object.keys(charts).length > 0 ? ['charts'] : []),
  ...(controlPlane.style === 'static-pods' ? ['static-pods'] : []),
  ...(kubernetes.flavour === 'kubeadm'
    ? ['kubeadm', network.kubeProxy === 'iptables' ? 'kubeadm-iptables' : 'kubeadm-nftables']
    : []),
];
