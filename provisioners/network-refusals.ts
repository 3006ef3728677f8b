import type { Cluster, Node } from '../src/cluster/model.ts';
import { contains, parseRange } from '../src/cluster/ranges.ts';
import { MachineError } from '../src/errors.ts';
import type { Facts } from './facts.ts';
import { kubeNodes } from './scope.ts';

/** A machine, or the wire between two, that cannot carry the network which cluster.json asks for. */
export function refuseNetwork(cluster: Cluster, machines: ReadonlyMap<string, Facts>): void {
  const { cni, flannel } = cluster.network;
  const backend = cni === 'flannel' ? flannel.backend : null;
  for (const node of kubeNodes(cluster)) {
    const facts = machines.get(node.name);
    if (facts === undefined) continue;
    if (backend === 'wireguard' && !facts.wireguard) throw noWireGuard(node);
    if (backend === 'host-gw' || cni === 'routes') refuseStranger(cluster, node, facts);
  }
}

const noWireGuard = ({ name }: Node): MachineError =>
  new MachineError(name, 'has a kernel without WireGuard, and network.flannel.backend is wireguard', {
    remedy: 'Set it to vxlan or host-gw, which need nothing of the kernel; or boot a kernel with WireGuard.',
  });

/** A route leads to a neighbour: whoever is behind a router is none. */
function refuseStranger(cluster: Cluster, node: Node, { nics }: Facts): void {
  const nic = nics.find(({ address }) => address.split('/')[0] === node.address);
  if (nic === undefined) return;
  const range = parseRange(nic.address);
  const stranger = kubeNodes(cluster).find(({ address }) => !contains(range, address));
  if (stranger === undefined) return;
  const what = cluster.network.cni === 'routes' ? 'network.cni routes' : 'network.flannel.backend host-gw';
  throw new MachineError(
    node.name,
    `is no neighbour of ${stranger.name}: ${nic.name} ${nic.address} does not contain ${stranger.address}`,
    {
      evidence: [`${what} needs all machines on one segment`],
      remedy: 'Use network.cni flannel with the backend vxlan, which works over routers too.',
    },
  );
}
