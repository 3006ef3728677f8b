import type { Line } from '../../src/cli/overview.ts';
import type { NodeStatus } from '../../src/cli/product.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { nodeStatus } from '../node-status.ts';
import { hasRoutes, hasSubnet, hasTunnel, networkUnit } from '../pod-network.ts';
import { byRole, nodesOf, namesOf } from '../scope.ts';
import { componentId, machineId, pathId, type Sight } from './control-lines.ts';
import type { Api, Workload } from './seen.ts';

/** What the first API server that answered knows. */
export const known = (sight: Sight): Api | null =>
  [...sight.values()].map(({ api }) => api).find((api) => api !== null) ?? null;

export const nodes = (cluster: Cluster, sight: Sight): NodeStatus[] =>
  nodesOf(cluster).map((node) => nodeStatus(node, known(sight)?.nodes ?? null, sight.has(node.name)));

/** Nothing of what the API knows can be told without it. */
const apiNeeds = (cluster: Cluster): string[] =>
  byRole(cluster, 'master').map(({ address }) => pathId(address, cluster.controlPlane.port));

export const nodeLines = (cluster: Cluster, sight: Sight): Line[] =>
  nodes(cluster, sight).map(({ name, state }) => ({
    ...{ id: `node/${name}`, group: 'nodes', what: `node ${name}`, found: state },
    is: state === 'Ready' ? 'well' : known(sight) === null ? 'unknown' : 'wrong',
    remedy: `hardway up; what the kubelet says: hardway logs ${name} kubelet.`,
    needs: [
      machineId(name),
      ...(known(sight) === null ? apiNeeds(cluster) : []),
      ...[componentId(name, 'containerd'), ...networkComponents(cluster, name), componentId(name, 'kubelet')],
    ],
  }));

/** Everything that add-ons have made and that has replicas. */
export const addonLines = (cluster: Cluster, sight: Sight): Line[] => {
  const api = known(sight);
  const needs = [
    ...apiNeeds(cluster),
    ...namesOf(nodesOf(cluster)).flatMap((name) => [machineId(name), `node/${name}`]),
  ];
  const line = { group: 'add-ons', needs };
  if (api === null)
    return [
      {
        ...{ ...line, id: 'add-ons', what: 'add-ons', is: 'wrong' },
        found: 'the API tells neither which there are nor of nodes',
        remedy: 'Ask again: one that has just started is slow.',
      },
    ];
  return api.workloads.map((workload) => ({
    ...{ ...line, id: addonId(workload), what: workload.name },
    is: isComplete(cluster, workload) ? 'well' : 'wrong',
    found: `${workload.ready} of ${workload.wanted} replicas are ready`,
    remedy: `hardway up; what its pods say: kubectl describe pods --namespace ${workload.namespace}.`,
  }));
};

const addonId = ({ namespace, name }: Workload): string => `add-on/${namespace}/${name}`;
/** Who wants none of what is built in turns it off; of one's own there may be none. */
const isComplete = ({ addons }: Cluster, { wanted, ready, from }: Workload): boolean =>
  ready >= wanted && (wanted > 0 || !Object.hasOwn(addons, from));

/** Whether the names of the cluster are answered on every machine. */
export function dnsLines(cluster: Cluster, sight: Sight): Line[] {
  if (!('coredns' in cluster.addons)) return [];
  const asked = [...sight].filter(([, { resolves }]) => resolves !== null);
  const failing = asked.filter(([, { resolves }]) => resolves !== true).map(([name]) => name);
  const resolvers = known(sight)?.resolvers ?? [];
  const ways = failing.flatMap((name) => resolvers.map((resolver) => wayId(name, resolver)));
  return [
    {
      ...{ id: 'dns', group: 'dns', what: 'DNS of the cluster' },
      is: asked.length === 0 ? 'unknown' : failing.length === 0 ? 'well' : 'wrong',
      found:
        failing.length === 0
          ? `kubernetes.default.svc.${cluster.network.dns.domain} is known on ${asked.length} of ${asked.length} machines`
          : `no answer from ${cluster.network.dns.serviceIP} on ${failing.join(', ')}`,
      remedy: 'hardway up; what it says: kubectl logs --namespace kube-system --selector k8s-app=kube-dns.',
      needs: [
        'add-on/kube-system/coredns',
        ...ways,
        ...failing.map((name) => componentId(name, 'kube-proxy')),
      ],
    },
  ];
}

export const wayId = (from: string, to: string): string => `pods/${from}/${to}`;

/** From each machine into the pod network of each other: a real packet that fills the link. */
export function wayLines(cluster: Cluster, sight: Sight): Line[] {
  if (!hasRoutes(cluster)) return [];
  const names = namesOf(cluster.nodes.filter((node) => sight.has(node.name) && hasSubnet(cluster, node)));
  const pairs = names.flatMap((from) => names.filter((to) => to !== from).map((to) => ({ from, to })));
  return pairs.map(({ from, to }) => ({
    ...{ id: wayId(from, to), group: 'pods', what: `pods of ${from} → pods of ${to}` },
    ...way(cluster, sight, from, to),
    needs: [from, to].flatMap((name) => networkComponents(cluster, name)),
  }));
}

function way(
  cluster: Cluster,
  sight: Sight,
  from: string,
  to: string,
): Pick<Line, 'is' | 'found' | 'remedy'> {
  const [here, there] = [sight.get(from)!, sight.get(to)!];
  const remedy = hasTunnel(cluster)
    ? `Let UDP 8472 pass between the machines (a firewall on ${from} or ${to}?); then: hardway up.`
    : `The machines must be neighbours on one network, and let through what pods send; then: hardway up.`;
  if (there.subnet === '')
    return { is: 'wrong', found: `${to} has no pod network yet`, remedy: 'hardway up.' };
  const found = here.ways.get(networkOf(there.subnet));
  if (found === undefined) return { is: 'wrong', found: `${from} has no route there`, remedy };
  switch (found.carries) {
    case 'full':
      return { is: 'well', found: `${here.mtu} bytes in one packet, ${found.milliseconds} ms` };
    case 'noping':
      return { is: 'unknown', found: `there is no ping on ${from} (package iputils-ping)` };
    case 'small':
      return {
        is: 'wrong',
        found: `small packets arrive, ${here.mtu} bytes do not`,
        remedy: 'The network between the machines carries less than it says: compare its MTU (ip link).',
      };
    default:
      // The other end of a plain route is the bridge, which the first pod makes.
      return hasTunnel(cluster) || there.hasBridge
        ? { is: 'wrong', found: 'no packet arrives', remedy }
        : { is: 'unknown', found: `no pod was on ${to} yet` };
  }
}

/** "10.244.1.1/24" → "10.244.1.0/24": flannel's subnets begin where a byte does, or where their own size says. */
function networkOf(subnet: string): string {
  const [address = '', bits = ''] = subnet.split('/');
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  const size = 2 ** (32 - Number(bits));
  const network = Math.floor(number / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join('.')}/${bits}`;
}

const networkComponents = (cluster: Cluster, name: string): string[] => {
  const unit = networkUnit(cluster);
  return unit === null ? [] : [componentId(name, unit)];
};

/** Every program of ours in the release that cluster.json asks for. */
export function versionLine(cluster: Cluster, sight: Sight): Line {
  const wanted = cluster.kubernetes.version;
  const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy'];
  const others = [...sight].flatMap(([name, { units }]) =>
    programs.flatMap((program) => {
      const version = units.get(program)?.version ?? '';
      return version === '' || version === wanted ? [] : [`${program} ${version} on ${name}`];
    }),
  );
  return {
    ...{ id: 'versions', group: 'versions', what: 'versions' },
    is: others.length === 0 ? 'well' : 'wrong',
    found: others.length === 0 ? `v${wanted} everywhere` : `${others.join(', ')}; wanted: ${wanted}`,
    remedy: 'hardway up brings all machines to one release.',
  };
}
