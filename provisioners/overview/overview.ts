import type { Line, Overview } from '../../src/cli/overview.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { addonLines, dnsLines, nodeLines, nodes, versionLine, wayLines } from './cluster-lines.ts';
import { apiLines, componentLines, etcdLine, machineLines, type Sight } from './control-lines.ts';
import { answer, question } from './question.ts';
import { type Seen, seen } from './seen.ts';

/** Asks every machine with one script, all at once, and says what they are like together. Changes nothing. */
export async function overview(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
): Promise<Overview> {
  const answers = await Promise.all(
    cluster.nodes.map((node) => look(cluster, node, machines.get(node.name))),
  );
  return judged(cluster, new Map(answers.flat()));
}

/** A machine that is lost while it is asked is not there. */
async function look(
  cluster: Cluster,
  node: Node,
  connection: Connection | undefined,
): Promise<[string, Seen][]> {
  const result = await connection?.run(question(cluster, node), {
    limit: 30 + 3 * answer(cluster),
  });
  const found = result === undefined ? null : seen(result.stdout);
  return found === null ? [] : [[node.name, found]];
}

/** Pure: causes first. `mute`: machines that are there and could not say, and why. */
export function judged(
  cluster: Cluster,
  sight: Sight,
  mute: ReadonlyMap<string, string> = new Map(),
): Overview {
  const lines = [
    ...machineLines(cluster, sight, mute),
    ...componentLines(cluster, sight),
    ...(sight.size === 0
      ? []
      : [
          etcdLine(cluster, sight),
          ...apiLines(cluster, sight),
          ...nodeLines(cluster, sight),
          ...wayLines(cluster, sight),
          ...addonLines(cluster, sight),
          ...dnsLines(cluster, sight),
          versionLine(cluster, sight),
        ]),
  ];
  return {
    nodes: nodes(cluster, sight).map((node) => ({ ...node, up: sight.get(node.name)?.up ?? null })),
    lines,
    sums: { components: sumOfComponents(lines), pods: sumOfWays(lines) },
  };
}

const ofGroup = (lines: readonly Line[], name: string): Line[] => lines.filter(({ group }) => group === name);

const sumOfComponents = (lines: readonly Line[]): string => {
  const all = ofGroup(lines, 'components');
  return `${all.length} of ${all.length} services run and answer`;
};

function sumOfWays(lines: readonly Line[]): string {
  const all = ofGroup(lines, 'pods');
  if (all.length === 0) return 'one machine: there is no way between pods of others';
  const slowest = Math.max(...all.map(({ found }) => Number(/([\d.]+) ms/.exec(found)?.[1] ?? 0)));
  const bytes = /^\d+/.exec(all[0]?.found ?? '')?.[0] ?? '?';
  return `${all.length} of ${all.length} ways between machines carry ${bytes} bytes in one packet, slowest ${slowest} ms`;
}
