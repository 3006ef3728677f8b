import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut, workloadReady } from '../../rollouts.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { definitions } from '../definitions.ts';
import { type Variable, withVariables } from './daemons.ts';

const namespace = 'kube-system';

/** The plug-in of network.cni calico, as its authors publish it for VXLAN without BGP; the machines fetch its images. */
export const calico: Addon = {
  describe: 'connects pods and makes NetworkPolicies hold (network.cni calico)',
  images: [],
  objects: ({ cluster }: AddonScope) =>
    definitions('calico/shared.json', 'calico/objects.json').map((object) =>
      object.kind === 'DaemonSet' ? withVariables(object, 'calico-node', variables(cluster)) : object,
    ),
  health: (cluster: Cluster) => [
    workloadReady(cluster, 'DaemonSet', namespace, 'calico-node'),
    rolledOut(cluster, namespace, 'calico-kube-controllers'),
  ],
};

/** Never the NAT NIC: the address of each machine is the one in the machines' own range. */
const variables = ({ network }: Cluster): readonly Variable[] => [
  { name: 'CALICO_IPV4POOL_CIDR', value: network.podCidr },
  { name: 'IP_AUTODETECTION_METHOD', value: `cidr=${network.machineCidr}` },
];
