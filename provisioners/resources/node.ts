import type { Cluster, Node, Taint } from '../../src/cluster/model.ts';
import { type Script, sh } from '../../src/connection/quote.ts';
import type { Resource, Step } from '../../src/engine/resource.ts';
import type { PodRoute } from '../pod-routes.ts';
import { applyToExisting, kubectl, type Manifest, manifest } from './manifest.ts';
import { backInService, CORDONED } from './registration.ts';

/** The taints that we gave a node, so that they can be taken away again and those of others stay. */
const TAINTS = 'hardway.dev/taints';

const CONTROL_PLANE: Taint = {
  key: 'node-role.kubernetes.io/control-plane',
  value: '',
  effect: 'NoSchedule',
};

/** Masters keep ordinary pods away unless cluster.json lets them in; never two of one key and effect. */
export function taintsOf({ controlPlane }: Cluster, { roles, taints }: Node): readonly Taint[] {
  const isOwn = taints.some(
    ({ key, effect }) => key === CONTROL_PLANE.key && effect === CONTROL_PLANE.effect,
  );
  const isClosed =
    roles.includes('master') && !roles.includes('minion') && !controlPlane.schedulable && !isOwn;
  return [...(isClosed ? [CONTROL_PLANE] : []), ...taints];
}

/** What a kubelet may not say about itself (NodeRestriction): its roles, labels, taints; and that it is in service. */
export function nodeObject(cluster: Cluster, name: string, routes: readonly PodRoute[] = []): Resource {
  const node = cluster.nodes.find((each) => each.name === name);
  const taints = node === undefined ? [] : taintsOf(cluster, node);
  const wanted: Manifest = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { ...roleLabels(node), ...node?.labels },
      annotations: { [TAINTS]: taints.map(written).join(' ') },
    },
    ...subnetOf(name, routes),
  };
  const problems = (live: Manifest): string | null => problemsOf(live, taints).join(', ') || null;
  const object = manifest(wanted, { gather: applyToExisting, check: problems });
  return {
    ...object,
    // The note of our taints comes last: a run that was cut off must still know which of them it gave.
    steps: (now) => [...repairs(name, taints, String(now?.['drift'])), ...object.steps(now)],
  };
}

/** For people and programs that look for it there; nobody but us gives out subnets then. */
const subnetOf = (name: string, routes: readonly PodRoute[]): object => {
  const subnet = routes.find((route) => route.name === name)?.subnet;
  return subnet === undefined ? {} : { spec: { podCIDR: subnet, podCIDRs: [subnet] } };
};

const roleNames = { master: 'control-plane', etcd: 'etcd', minion: 'minion' };

const roleLabels = (node: Node | undefined): Record<string, string> =>
  Object.fromEntries((node?.roles ?? []).map((role) => [`node-role.kubernetes.io/${roleNames[role]}`, '']));

/** As kubectl writes it: key=value:Effect. */
const written = ({ key, value, effect }: Taint): string =>
  `${key}${value === '' ? '' : `=${value}`}:${effect}`;

/** What stands between the node that is there and ours, one word for kubectl each. */
function problemsOf(live: Manifest, wanted: readonly Taint[]): string[] {
  const { taints = [] } = (live['spec'] ?? {}) as { taints?: readonly Partial<Taint>[] };
  const there = taints.map(({ key = '', value = '', effect = 'NoSchedule' }) =>
    written({ key, value, effect }),
  );
  const ours = (live.metadata.annotations?.[TAINTS] ?? '').split(' ').filter((taint) => taint !== '');
  const names = wanted.map(written);
  return [
    ...names.filter((taint) => !there.includes(taint)).map((taint) => `without taint ${taint}`),
    ...ours
      // Another value takes the old one's place.
      .filter((taint) => there.includes(taint) && !names.map(withoutValue).includes(withoutValue(taint)))
      .map((taint) => `still with taint ${taint}`),
    // A run that was cut off left it so; a person who cordons a node does not say that it was us.
    ...(live.metadata.annotations?.[CORDONED] === undefined ? [] : ['out of service']),
  ];
}

function repairs(name: string, taints: readonly Taint[], drift: string): Step[] {
  const stale = [...drift.matchAll(/still with taint ([^,]+)/g)].map(
    ([, taint = '']) => `${withoutValue(taint)}-`,
  );
  const missing = taints.map(written).filter((taint) => drift.includes(`without taint ${taint}`));
  const changes = [...missing, ...stale];
  return [
    ...(changes.length > 0 ? [{ run: taint(name, changes) }] : []),
    ...(drift.includes('out of service') ? [{ run: backInService(name) }] : []),
  ];
}

const withoutValue = (taint: string): string => taint.replace(/=[^:]*/, '');

const taint = (name: string, changes: readonly string[]): Script =>
  sh`${kubectl} taint node ${name} --overwrite ${changes} >/dev/null`;
