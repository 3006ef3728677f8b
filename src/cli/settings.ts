import type { Cluster } from '../cluster/model.ts';
import { targetText } from '../cluster/ssh-target.ts';
import { table } from './table.ts';

/** What cluster.json comes to, for review: the cluster in two lines, then its machines. */
export function settings({
  name,
  provider,
  kubernetes,
  network,
  controlPlane,
  addons,
  nodes,
}: Cluster): string {
  const { podCidr, serviceCidr, dns, cni, flannel, kubeProxy } = network;
  const pods = cni === 'flannel' ? `flannel ${flannel.backend}, store ${flannel.store}` : cni;
  const rows = nodes.map(({ name, roles, address, interface: nic, ssh }) => [
    name,
    roles.join(','),
    ssh === null ? `by ${provider === 'qemu' ? 'qemu' : 'Vagrant'}` : targetText(ssh),
    address,
    nic ?? 'whichever carries it',
  ]);
  return [
    `${name}: Kubernetes ${kubernetes.version} (${kubernetes.flavour}), API on port ${controlPlane.port}, add-ons: ${Object.keys(addons).join(', ') || 'none'}`,
    `pods ${podCidr} (${pods}), Services ${serviceCidr} (kube-proxy ${kubeProxy}), domain ${dns.domain}`,
    '',
    table([['MACHINE', 'ROLES', 'REACHED', 'ADDRESS', 'INTERFACE'], ...rows]),
  ].join('\n');
}
