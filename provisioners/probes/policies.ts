import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../../src/cluster/model.ts';
import { ENFORCING } from '../../src/cluster/plug-ins.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Manifest } from '../resources/manifest.ts';
import { asked, get } from './asked.ts';
import { type Found, running } from './judge.ts';
import { NAMESPACE } from './objects.ts';
import type { Pod } from './pods.ts';
import { applied, ask, refuseStopped, type Site } from './site.ts';

/** Somebody here makes NetworkPolicies hold. */
export const hasPolicies = ({ network: { cni }, addons }: Cluster): boolean =>
  'network-policy' in addons || ENFORCING.includes(cni);

/** Seconds until a policy holds on every node. */
const LIMIT = 10;

/** One policy that forbids ends every way to the answering pods; another that allows opens all of them. */
export async function policies(
  machines: ReadonlyMap<string, Connection>,
  all: readonly Pod[],
  site: Site,
): Promise<Found[]> {
  const callers = running(all, 'asking');
  const ways = { machines, callers, called: running(all, 'answering'), site };
  await ask(site, 'making a NetworkPolicy', applied([policy('forbids', [])]));
  const forbidden = await settled(ways, 0);
  const allowing = [{ from: [{ podSelector: labelled('asking') }] }];
  await ask(site, 'making a NetworkPolicy', applied([policy('allows', allowing)]));
  const allowed = await settled(ways, callers.length);
  return ways.called.map(({ node }, index) =>
    judged(node, callers.length, forbidden[index] ?? [], allowed[index] ?? []),
  );
}

interface Ways {
  readonly machines: ReadonlyMap<string, Connection>;
  readonly callers: readonly Pod[];
  readonly called: readonly Pod[];
  readonly site: Site;
}

/** Of each pod that is called the nodes whose callers came through, as soon as they are so many, or when the time is up. */
async function settled(ways: Ways, expected: number): Promise<readonly (readonly string[])[]> {
  const end = Date.now() + LIMIT * 1000;
  for (;;) {
    const answers = await Promise.all(ways.callers.map((caller) => answeredBy(caller, ways)));
    refuseStopped(ways.site.signal);
    const came = ways.called.map(({ ip }) =>
      ways.callers.filter((_, index) => answers[index]?.includes(ip)).map(({ node }) => node),
    );
    if (Date.now() > end || came.every(({ length }) => length === expected)) return came;
    await sleep(200);
  }
}

/** The addresses that answered a small packet of this caller's. */
async function answeredBy(caller: Pod, { machines, called, site }: Ways): Promise<readonly string[]> {
  const query = `/ask?datagram=${called.map(({ ip }) => ip).join(',')}`;
  const script = sh`echo "answers=$(${verbatim(get(`${caller.ip}:8080`, query, 20))})"`;
  const result = await machines.get(caller.node)?.run(script, { limit: 30, signal: site.signal });
  const answers = asked(result?.stdout ?? '').answers ?? [];
  return answers.flatMap(({ kind, to, error }) => (kind === 'small' && error === undefined ? [to] : []));
}

const labelled = (probe: string) => ({ matchLabels: { probe } });

const policy = (name: string, ingress: readonly object[]): Manifest => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: NAMESPACE } },
  spec: { podSelector: labelled('answering'), policyTypes: ['Ingress'], ingress },
});

/** Of the pod on this node: on which nodes callers came through, of how many. */
function judged(node: string, all: number, forbidden: readonly string[], allowed: readonly string[]): Found {
  const base = { check: 'policies', machine: node, id: 'NetworkPolicy', title: 'holds for a pod' };
  if (forbidden.length === 0 && allowed.length === all)
    return { ...base, is: 'well', found: `no pod of ${all} came through while forbidden, all while allowed` };
  const found =
    forbidden.length > 0
      ? `forbidden, and after ${LIMIT} s pods on ${forbidden.join(', ')} still come through`
      : `allowed, and after ${LIMIT} s ${allowed.length} of ${all} pods come through`;
  const remedy = `Does who makes policies hold run there? kubectl get pods --all-namespaces --field-selector=spec.nodeName=${node}`;
  return { ...base, is: 'wrong', found, remedy };
}
