import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut, workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { type Variable, withVariables } from '../calico/daemons.ts';
import { definitions } from '../definitions.ts';

const namespace = 'kube-system';

/** The plug-in of network.cni canal, as Calico's authors publish it; the machines fetch its images. */
export const canal: Addon = {
  describe: 'connects pods by flannel, and Calico makes NetworkPolicies hold (network.cni canal)',
  images: [],
  objects: ({ cluster }: AddonScope) =>
    definitions('calico/shared.json', 'canal/objects.json').map((object) => configured(object, cluster)),
  health: (cluster: Cluster) => [
    workloadReady(cluster, 'DaemonSet', namespace, 'canal'),
    rolledOut(cluster, namespace, 'calico-kube-controllers'),
  ],
};

function configured(object: Manifest, { network }: Cluster): Manifest {
  if (object.kind === 'DaemonSet') return withVariables(object, 'kube-flannel', [nodesNic]);
  if (object.metadata.name !== 'canal-config') return object;
  const plan = { Network: network.podCidr, Backend: { Type: 'vxlan' } };
  return { ...object, data: { ...(object['data'] as object), 'net-conf.json': JSON.stringify(plan) } };
}

/** Never the NAT NIC: flannel takes the one that has the address of the Node. */
const nodesNic: Variable = {
  name: 'FLANNELD_IFACE',
  valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } },
};
