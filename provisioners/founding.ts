import type { Cluster, Node } from '../src/cluster/model.ts';
import { HardwayError } from '../src/errors.ts';
import { hasStackedEtcd } from './kubeadm/topology.ts';

/** Kept on each machine: what the standing cluster was made with and cannot be changed while it stands. */
export const FOUNDING = '/var/lib/hardway/founding';

const reasons: Readonly<Record<string, string>> = {
  name: 'machines, bridges and the database bear this name',
  'kubernetes.flavour': 'units, pods and rights of the other one are on it',
  'etcd made by kubeadm': 'the database would have to move; etcd of its own machines stays there',
  'network.podCidr': 'pods and leases have addresses from it',
  'network.serviceCidr': 'Services have addresses from it',
  'network.dns.domain': 'certificates, tokens and every pod’s resolver carry it',
  'network.dns.serviceIP': 'every pod’s resolver carries it',
  'network.cni': 'pods have addresses and links that another plug-in does not know',
  'network.flannel.store': 'machines have subnets and credentials of the other store',
  'network.flannel.backend': 'both ends of every tunnel must change at the same moment',
  'network.flannel.vni': 'both ends of every tunnel must change at the same moment',
  'controlPlane.port': 'the credentials that kubelets hold carry it',
  'controlPlane.registerNode': 'pods run on masters that are nodes, and know nothing of those that are none',
  address:
    'its certificates, its node and its peers carry it (an entry keeps its place when it says its "address" itself)',
  roles: 'data and daemons of its role are on it',
};

/** `key=value` lines. */
export const founding = (cluster: Cluster, node: Node): string => {
  const { name, kubernetes, network, controlPlane } = cluster;
  return Object.entries({
    name,
    'kubernetes.flavour': kubernetes.flavour,
    ...(kubernetes.flavour === 'kubeadm' ? { 'etcd made by kubeadm': hasStackedEtcd(cluster) } : {}),
    'network.podCidr': network.podCidr,
    'network.serviceCidr': network.serviceCidr,
    'network.dns.domain': network.dns.domain,
    'network.dns.serviceIP': network.dns.serviceIP,
    'network.cni': network.cni,
    ...(network.cni === 'flannel' ? flannel(network.flannel) : {}),
    'controlPlane.port': controlPlane.port,
    'controlPlane.registerNode': controlPlane.registerNode,
    address: node.address,
    roles: node.roles.join(','),
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
};

const flannel = ({
  store,
  backend,
  vni,
}: Cluster['network']['flannel']): Record<string, string | number> => ({
  'network.flannel.store': store,
  'network.flannel.backend': backend,
  ...(backend === 'vxlan' ? { 'network.flannel.vni': vni } : {}),
});

/** Refuses, before anything is touched, what only a new cluster can have. `made`: the machine's own lines. */
export function refuseImpossible(
  cluster: Cluster,
  machines: ReadonlyMap<string, { readonly founding: readonly string[] }>,
): void {
  const problems = cluster.nodes.flatMap((node) => {
    const made = machines.get(node.name)?.founding ?? [];
    return differing(made, founding(cluster, node)).map(({ key, was, wanted }) => ({
      text: `${pathOf(key, node)} is ${was} and cannot become ${wanted}: ${reasons[key]}`,
    }));
  });
  const texts = [...new Set(problems.map(({ text }) => text))];
  if (texts.length === 0) return;
  throw new HardwayError('IMPOSSIBLE', 'cluster.json asks for what a standing cluster cannot become', {
    evidence: texts,
    remedy:
      'Put the old values back; or make a new cluster: hardway down (what runs in this one is lost), then hardway up.',
  });
}

const pathOf = (key: string, node: Node): string =>
  key === 'address' || key === 'roles' ? `${key} of ${node.name}` : key;

function differing(made: readonly string[], wanted: string): { key: string; was: string; wanted: string }[] {
  const cut = (line: string): [string, string] => {
    const middle = line.indexOf('=');
    return [line.slice(0, middle), line.slice(middle + 1)];
  };
  const before = new Map(made.map(cut));
  return wanted
    .trim()
    .split('\n')
    .map(cut)
    .filter(([key, value]) => before.has(key) && before.get(key) !== value)
    .map(([key, value]) => ({ key, was: before.get(key) ?? '', wanted: value }));
}
