import type { NodeStatus } from '../src/cli/product.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import type { Observation } from '../src/engine/phase.ts';
import type { State } from '../src/engine/resource.ts';
import type { Survey } from '../src/engine/survey.ts';
import { command } from '../src/resources/command.ts';
import { servicesStarted } from './conditions.ts';
import { type LiveNode, nodeStatus } from './node-status.ts';
import { etcdctl } from './etcdctl.ts';
import { kubectl, type Manifest, question } from './resources/manifest.ts';
import { nodesOf, speaker } from './scope.ts';

/**
 * What the closing check wants to know beside what every run asks: whether services have started, nodes are Ready,
 * add-ons rolled out, and further members and servers answer. Of one master's objects most are asked for anyway.
 */
export function observations(
  cluster: Cluster,
  machine: string,
  present: readonly string[],
): readonly Observation[] {
  const node = cluster.nodes.find(({ name }) => name === machine);
  if (node === undefined) return [];
  if (speaker(cluster, present).includes(machine))
    return [started(cluster, machine), ...nodesOf(cluster).map(health), ...addons(cluster).map(rollout)];
  return [
    started(cluster, machine),
    ...(node.roles.includes('etcd')
      ? [answers('etcd', sh`${etcdctl} endpoint health --command-timeout=3s`)]
      : []),
    ...(node.roles.includes('master')
      ? [answers('api', sh`${kubectl} get --raw /readyz --request-timeout=5s`)]
      : []),
  ];
}

/** All nodes when all is evidently well after a run that found nothing left to do; null: ask `status` what is wrong. */
export function glance(cluster: Cluster, surveys: ReadonlyMap<string, Survey>): readonly NodeStatus[] | null {
  const seen = (machine: string, { id }: Observation): State | null => {
    const answer = surveys.get(machine)?.get(id) ?? null;
    return typeof answer === 'symbol' ? null : answer;
  };
  const first =
    [...surveys].find(([, survey]) => nodesOf(cluster).some((node) => survey.has(health(node).id)))?.[0] ??
    '';
  const live = new Map(
    nodesOf(cluster).flatMap((node) => {
      const state = seen(first, health(node));
      return state === null ? [] : [[node.name, liveNode(state)] as const];
    }),
  );
  const nodes = nodesOf(cluster).map((node) => nodeStatus(node, live, surveys.has(node.name)));
  const others = cluster.nodes
    .filter(({ name }) => name !== first)
    .flatMap(({ name }) => observations(cluster, name, [first]).map((one) => seen(name, one)));
  const isWell =
    nodes.every(({ state }) => state === 'Ready') &&
    addons(cluster).every((name) => seen(first, rollout(name))?.['complete'] === true) &&
    [seen(first, started(cluster, first)), ...others].every((state) => state?.['answers'] === true);
  return isWell ? nodes : null;
}

const addons = (cluster: Cluster): readonly string[] =>
  Object.keys(cluster.addons).filter((name) => name === 'coredns');

const answers = (name: string, script: Script): Observation => ({
  id: `health:${name}`,
  question: command(sh`(${verbatim(script)}) >/dev/null 2>&1 && echo yes; true`, (output) => ({
    answers: output === 'yes',
  })),
});

/** For the run itself one that starts is as it should be: it may yet wait for what others do. */
const started = (cluster: Cluster, machine: string): Observation =>
  answers('services', servicesStarted(cluster).script(machine));

const health = ({ name }: Node): Observation => ({
  id: `health:node/${name}`,
  question: question({ apiVersion: 'v1', kind: 'Node', metadata: { name } }, readiness),
});

function readiness({ status }: Manifest): State {
  const { conditions = [], nodeInfo, addresses = [] } = (status ?? {}) as NodeStatusFields;
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    ready: ready?.status ?? '',
    reason: ready?.message ?? '',
    version: nodeInfo?.kubeletVersion ?? '',
    internalIP: addresses.find(({ type }) => type === 'InternalIP')?.address ?? '',
  };
}

/** A state has no shape of its own: this is the one made by `readiness`. */
const liveNode = ({ ready, reason, version, internalIP }: State): LiveNode => ({
  ...{ ready: String(ready), reason: String(reason) },
  ...{ version: String(version), internalIP: String(internalIP) },
});

interface NodeStatusFields {
  readonly conditions?: readonly { type: string; status: string; message?: string }[];
  readonly addresses?: readonly { type: string; address: string }[];
  readonly nodeInfo?: { readonly kubeletVersion?: string };
}

const rollout = (name: string): Observation => ({
  id: `health:deployment/${name}`,
  question: question(
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'kube-system' } },
    (live) => ({ complete: isComplete(live) }),
  ),
});

/** As the condition `rolledOut` judges. */
function isComplete({ metadata, spec, status }: Manifest): boolean {
  const { generation } = metadata as { generation?: number };
  const { replicas } = (spec ?? {}) as { replicas?: number };
  const now = (status ?? {}) as Readonly<Record<string, number>>;
  const { observedGeneration, updatedReplicas = 0, readyReplicas = 0 } = now;
  return generation === observedGeneration && replicas === updatedReplicas && replicas === readyReplicas;
}
