import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { type Manifest } from '../resources/manifest.ts';
import { asked, get } from './asked.ts';
import type { Found } from './judge.ts';
import { NAMESPACE } from './objects.ts';
import type { Pod } from './pods.ts';
import { applied, ask, refuseStopped, type Site } from './site.ts';

/** Somebody here makes NetworkPolicies hold. */
export const hasPolicies = ({ network: { cni }, addons }: Cluster): boolean =>
  'network-policy' in addons || cni === 'calico' || cni === 'cilium';

/** Seconds until a policy holds on every node. */
const LIMIT = 10;

/** A policy that forbids ends every way to the answering pods; one more that allows opens all of them. */
export async function policies(
  machines: ReadonlyMap<string, Connection>,
  all: readonly Pod[],
  site: Site,
): Promise<Found[]> {
  const asking = all.filter(({ part, isRunning }) => part === 'asking' && isRunning);
  const answering = all.filter(({ part, isRunning }) => part === 'answering' && isRunning);
  /** Of each answering pod: on which nodes a pod reached it. */
  const reached = async (): Promise<ReadonlyMap<Pod, readonly string[]>> => {
    const said = await Promise.all(
      asking.map(async (from) => {
        const path = `/ask?datagram=${answering.map(({ ip }) => ip).join(',')}`;
        const script = sh`echo "answers=$(${verbatim(get(`${from.ip}:8080`, path, 20))})"`;
        const result = await machines.get(from.node)?.run(script, { limit: 30, signal: site.signal });
        return { node: from.node, answers: asked(result?.stdout ?? '').answers ?? [] };
      }),
    );
    const answers = (node: string, { ip }: Pod): boolean =>
      said.some((one) => one.node === node && one.answers.some(({ to, error }) => to === ip && !error));
    const nodes = said.map(({ node }) => node);
    return new Map(answering.map((pod) => [pod, nodes.filter((node) => answers(node, pod))]));
  };
  const until = async (expected: number): Promise<ReadonlyMap<Pod, readonly string[]>> => {
    for (const end = Date.now() + LIMIT * 1000; ; await sleep(200, undefined, { signal: site.signal })) {
      const seen = await reached();
      refuseStopped(site.signal);
      if (Date.now() > end || [...seen.values()].every(({ length }) => length === expected)) return seen;
    }
  };
  await ask(site, 'making a NetworkPolicy', applied([policy('forbids', [])]));
  const forbidden = await until(0);
  await ask(
    site,
    'making a NetworkPolicy',
    applied([policy('allows', [{ from: [{ podSelector: of('asking') }] }])]),
  );
  const allowed = await until(asking.length);
  return answering.map((pod) => judged(pod, asking.length, forbidden.get(pod) ?? [], allowed.get(pod) ?? []));
}

const of = (probe: string) => ({ matchLabels: { probe } });

const policy = (name: string, ingress: readonly object[]): Manifest => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
  metadata: { name, namespace: NAMESPACE },
  spec: { podSelector: of('answering'), policyTypes: ['Ingress'], ingress },
});

/** `forbidden`, `allowed`: the nodes from which the pod was reached. */
function judged({ node }: Pod, all: number, forbidden: readonly string[], allowed: readonly string[]): Found {
  const base = { check: 'policies', machine: node, id: 'NetworkPolicy', title: 'holds for a pod' };
  if (forbidden.length === 0 && allowed.length === all)
    return { ...base, is: 'well', found: `no pod of ${all} came through while forbidden, all while allowed` };
  const found =
    forbidden.length > 0
      ? `forbidden, and after ${LIMIT} s pods on ${forbidden.join(', ')} still come through`
      : `allowed, and after ${LIMIT} s ${allowed.length} of ${all} pods come through`;
  return { ...base, is: 'wrong', found, remedy: REMEDY(node) };
}

const REMEDY = (node: string): string =>
  `Does who makes policies hold run on ${node}? kubectl get pods --all-namespaces --field-selector=spec.nodeName=${node}`;
