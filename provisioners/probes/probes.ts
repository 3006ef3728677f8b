import { ranked, type Ranked } from '../../src/cli/overview.ts';
import type { Probes, Proven, Undertaking } from '../../src/cli/probe.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { overview } from '../overview/overview.ts';
import { type Found, sums } from './judge.ts';
import { prove } from './prove.ts';
import { byRole } from '../scope.ts';

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
  const lines = ranked((await overview(cluster, machines)).lines);
  const looked = Object.keys(LOOKS)
    .filter((check) => wanted.includes(check))
    .flatMap((check) => findings(cluster, lines, check));
  const used = wanted.filter((check) => check === 'nodes' || !(check in LOOKS));
  if (used.length === 0) return { findings: looked, sums: sums(looked, probes.describe) };
  const cause = obstacle(lines);
  const found =
    cause === undefined
      ? await prove(cluster, machines, used, able(cluster, lines), by)
      : notAsked(
          used,
          cause,
          looked.some(({ is }) => is === 'wrong'),
        );
  const all = [...looked, ...found].sort((a, b) => order(a.check) - order(b.check));
  return { findings: all, sums: sums(all, probes.describe) };
}

const order = (check: string): number => Object.keys(probes.describe).indexOf(check);

/** What concerns the cluster as a whole is told of its first master. */
function findings(cluster: Cluster, lines: readonly Ranked[], check: string): Found[] {
  const master = byRole(cluster, 'master')[0]?.name ?? '';
  const isMachine = (name: string): boolean => cluster.nodes.some((node) => node.name === name);
  return lines
    .filter(({ group, is }) => (LOOKS[check] ?? []).includes(group) && is !== 'unknown')
    .map(({ id, what, is, found, remedy, from }) => ({
      ...{ check, id: what, title: 'is well', found },
      machine: id.split('/').find(isMachine) ?? master,
      is: is === 'follows' ? 'excepted' : is === 'well' ? 'well' : 'wrong',
      ...(from === undefined ? {} : { reason: `follows from ${from}` }),
      ...(remedy === undefined ? {} : { remedy }),
    }));
}

/** Without the API nothing can be made in the cluster: the line that says so. */
const obstacle = (lines: readonly Ranked[]): Ranked | undefined =>
  lines.find(({ id, is }) => id === 'etcd' && is !== 'well') ??
  lines.find(({ id, is }) => /^api\/.*:/.test(id) && is !== 'well');

/** What could not be tried is wrong by itself only where its cause is not told beside it. */
const notAsked = (checks: readonly string[], { what, found }: Ranked, isTold: boolean): Found[] =>
  checks.map((check) => ({
    ...{ check, machine: 'cluster', id: check, title: probes.describe[check] ?? check },
    ...{ is: isTold ? 'excepted' : 'wrong', found: 'could not be tried' },
    reason: `${what}: ${found}`,
    remedy: 'hardway status.',
  }));

/** Nodes that can start a pod, as far as one can see. */
const able = (cluster: Cluster, lines: readonly Ranked[]): string[] =>
  cluster.nodes
    .map(({ name }) => name)
    .filter((name) =>
      [`node/${name}`, `component/${name}/kubelet`, `component/${name}/containerd`].every(
        (id) => lines.find((line) => line.id === id)?.is === 'well',
      ),
    );
