import { setTimeout as sleep } from 'node:timers/promises';
import { ranked, type Ranked } from '../../src/cli/overview.ts';
import type { Probes, Proven, Undertaking } from '../../src/cli/probe.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { pathId } from '../overview/control-lines.ts';
import { overview } from '../overview/overview.ts';
import { type Found, sums } from './judge.ts';
import { prove } from './prove.ts';
import { byRole, nodesOf, namesOf } from '../scope.ts';

/** What only looks, and which groups of the overview it is. */
const LOOKS: Readonly<Record<string, readonly string[]>> = {
  nodes: ['nodes'],
  etcd: ['etcd'],
  components: ['components', 'api'],
};

export const probes: Probes = {
  describe: {
    nodes: 'every node is Ready and starts a pod',
    etcd: 'the database has a quorum',
    components: 'every service runs and answers, the API by each path',
    dns: 'names are known in a pod on each node',
    pods: 'pods of each pair of nodes reach each other, with packets that fill the link',
    services: 'a pod on each node reaches a Service',
    nodeports: 'each node answers on a NodePort',
    logs: 'kubectl logs of a pod on each node',
    exec: 'kubectl exec in a pod on each node',
    policies: 'NetworkPolicies hold',
    storage: 'what one pod writes on a volume, another reads',
  },
  run,
};

async function run(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  wanted: readonly string[],
  by: Undertaking,
): Promise<Proven> {
  const lines = await looked(cluster, machines, by);
  const told = wanted.flatMap((check) => findings(cluster, lines, check, wanted));
  const used = wanted.filter((check) => check === 'nodes' || !(check in LOOKS));
  const { port } = cluster.controlPlane;
  const masters = byRole(cluster, 'master').map(({ address }) => pathId(address, port));
  const cause = obstacle(lines, masters);
  const isTold = told.some(({ is }) => is === 'wrong');
  const found =
    used.length === 0
      ? []
      : cause === undefined
        ? await prove(cluster, machines, used, able(cluster, lines), by)
        : [notTried(firstMaster(cluster), used, cause, isTold)];
  const all = [...told, ...found].sort((a, b) => order(a.check) - order(b.check));
  return { findings: all, sums: sums(all, probes.describe) };
}

/** Seconds before the second look. */
const PAUSE = 3;

/** On a busy machine one answer may be late: only what is wrong twice is wrong. */
async function looked(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  { signal }: Undertaking,
): Promise<readonly Ranked[]> {
  const first = ranked((await overview(cluster, machines)).lines);
  if (first.every(({ is }) => is !== 'wrong')) return first;
  await sleep(PAUSE * 1000, undefined, { signal }).catch(() => undefined);
  return ranked((await overview(cluster, machines)).lines);
}

const order = (check: string): number => Object.keys(probes.describe).indexOf(check);

const firstMaster = (cluster: Cluster): string => byRole(cluster, 'master')[0]?.name ?? '';

/**
 * What concerns the cluster as a whole is told of its first master. What only follows from something else is wrong
 * where that is not told beside it, and otherwise no news.
 */
function findings(
  cluster: Cluster,
  lines: readonly Ranked[],
  check: string,
  wanted: readonly string[],
): Found[] {
  const isMachine = (name: string): boolean => cluster.nodes.some((node) => node.name === name);
  const isShown = (group: string, checks: readonly string[]): boolean =>
    checks.some((each) => LOOKS[each]?.includes(group) === true);
  const isTold = (id: string): boolean =>
    isShown(lines.find((line) => line.id === id)?.group ?? '', wanted) || id.startsWith('machine/');
  return lines
    .filter(({ group, is, from }) => isShown(group, [check]) && is !== 'unknown' && !(from && isTold(from)))
    .map(({ id, what, is, found, remedy, from }) => ({
      ...{ check, id: what, title: 'is well', is: is === 'well' ? 'well' : 'wrong' },
      machine: id.split('/').find(isMachine) ?? firstMaster(cluster),
      found: from === undefined ? found : `${found} (follows from ${from})`,
      ...(remedy === undefined ? {} : { remedy }),
    }));
}

/** Without the API nothing can be made in the cluster: the line that says so. One of several masters may be away. */
function obstacle(lines: readonly Ranked[], masters: readonly string[]): Ranked | undefined {
  const paths = lines.filter(({ id }) => id.startsWith('api/'));
  const own = paths.filter(({ id }) => masters.includes(id));
  const isEnough = own.some(({ is }) => is === 'well');
  const counted = isEnough ? paths.filter((path) => !own.includes(path)) : own;
  return [...lines.filter(({ id }) => id === 'etcd'), ...counted].find(({ is }) => is !== 'well');
}

/** What could not be tried is wrong by itself only where its cause is not told beside it. */
const notTried = (
  machine: string,
  checks: readonly string[],
  { what, found }: Ranked,
  isTold: boolean,
): Found => ({
  ...{ check: checks[0] ?? '', machine, id: checks.join(', '), title: 'can be tried' },
  ...{ is: isTold ? 'excepted' : 'wrong', found: `${what}: ${found}` },
  ...{ reason: 'it follows from what is wrong', remedy: 'hardway status.' },
});

/** Nodes that can start a pod, as far as one can see. */
const able = (cluster: Cluster, lines: readonly Ranked[]): string[] =>
  namesOf(nodesOf(cluster)).filter((name) =>
    [`node/${name}`, `component/${name}/kubelet`, `component/${name}/containerd`].every(
      (id) => lines.find((line) => line.id === id)?.is === 'well',
    ),
  );
