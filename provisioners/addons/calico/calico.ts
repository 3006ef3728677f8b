import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut, workloadReady } from '../../rollouts.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { definitions } from '../definitions.ts';

const namespace = 'kube-system';

/** The plug-in of network.cni calico, as its authors publish it for VXLAN without BGP; the machines fetch its images. */
export const calico: Addon = {
  describe: 'connects pods and makes NetworkPolicies hold (network.cni calico)',
  images: [],
  objects: ({ cluster }: AddonScope) =>
    definitions('calico/objects.json').map((object) =>
      object.kind === 'DaemonSet' ? withSettings(object, settings(cluster)) : object,
    ),
  health: (cluster: Cluster) => [
    workloadReady(cluster, 'DaemonSet', namespace, 'calico-node'),
    rolledOut(cluster, namespace, 'calico-kube-controllers'),
  ],
};

/** Never the NAT NIC: the address of each machine is the one in the machines' own range. */
const settings = ({ network }: Cluster): Record<string, string> => ({
  CALICO_IPV4POOL_CIDR: network.podCidr,
  IP_AUTODETECTION_METHOD: `cidr=${network.machineCidr}`,
});

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string }[];
}

function withSettings(daemons: Manifest, values: Record<string, string>): Manifest {
  const { template, ...spec } = daemons['spec'] as { template: { spec: { containers: Container[] } } };
  const added = Object.entries(values).map(([name, value]) => ({ name, value }));
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []).filter(({ name }) => values[name] === undefined), ...added],
  }));
  return { ...daemons, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } };
}
