import type { Undertaking } from '../../src/cli/probe.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { sh } from '../../src/connection/quote.ts';
import { kubectl } from '../resources/manifest.ts';
import {
  asked,
  errand,
  insideName,
  OUTSIDE,
  readThrough,
  throughApi as askThroughApi,
  type Asked,
} from './asked.ts';
import { deliver, withdraw } from './image.ts';
import { type Evidence, type Found, names, nodePorts, services, throughApi, ways } from './judge.ts';
import { NAMESPACE, objects, PURPOSE } from './objects.ts';
import { hasPolicies, policies } from './policies.ts';
import { type Pod, pods } from './pods.ts';
import { applied, ask, clear, refuseStopped, type Site, siteOf } from './site.ts';
import { storage } from './storage.ts';
import { together } from './together.ts';

/** Seconds that pods have to start on nodes that are well. */
const START = 20;

/** Makes pods on these nodes, lets them try everything that is wanted, and takes them away, whatever happens. */
export async function prove(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  wanted: readonly string[],
  nodes: readonly string[],
  { signal, note, report }: Undertaking,
): Promise<Found[]> {
  const site = siteOf(cluster, machines, NAMESPACE, signal);
  note(`two pods on each of ${nodes.length} nodes try it; they are taken away afterwards`);
  try {
    // What an earlier call left when it was killed.
    await together(clear(site), deliver(cluster, machines, PURPOSE, report));
    refuseStopped(signal);
    await ask(site, 'making pods', applied(objects()));
    const [found, stored] = await together(
      tried(cluster, machines, wanted, nodes, site),
      wanted.includes('storage') ? storage(site).then((one) => [one]) : [],
    );
    return [...found, ...stored];
  } finally {
    await together(clear(site), withdraw(cluster, machines, PURPOSE));
  }
}

async function tried(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  wanted: readonly string[],
  nodes: readonly string[],
  site: Site,
): Promise<Found[]> {
  const all = (await pods(site, nodes.length * 2, START)).filter(({ node }) => nodes.includes(node));
  const there = started(all, nodes);
  const answering = all.filter(({ part, isRunning }) => part === 'answering' && isRunning);
  const { page, port, resolvers } = await addresses(site);
  const neighbours = ring(there).map(([machine, node]): [string, { node: string; door: string }] => [
    machine,
    { node, door: `${addressOf(cluster, node)}:${port}` },
  ]);
  const doors = new Map(neighbours);
  const wantNames = wanted.includes('dns') && 'coredns' in cluster.addons;
  const askAt = async (machine: string): Promise<[string, Asked]> => {
    const asking = all.find(({ part, node }) => part === 'asking' && node === machine)!;
    const script = errand({
      ...{ asking, answering, page, door: doors.get(machine)?.door ?? '' },
      names: wantNames ? [insideName(cluster), OUTSIDE] : [],
    });
    const result = await machines.get(machine)?.run(script, { limit: 40, signal: site.signal });
    return [machine, asked(result?.stdout ?? '')];
  };
  const isThrough = wanted.includes('logs') || wanted.includes('exec');
  const [said, through] = await Promise.all([
    Promise.all(there.map(askAt)),
    isThrough ? ask(site, 'asking for logs', askThroughApi(answering), 40) : '',
  ]);
  refuseStopped(site.signal);
  // Last, for it cuts ways that the others need.
  const isHeld = wanted.includes('policies') && hasPolicies(cluster);
  const held = isHeld ? await policies(machines, all, site) : [];
  const evidence: Evidence = { pods: all, asked: new Map(said), resolvers, through: readThrough(through) };
  const found: Record<string, () => Found[]> = {
    nodes: () => starts(all, nodes),
    dns: () => (wantNames ? names(cluster, evidence) : [noDns(site)]),
    pods: () => ways(evidence),
    services: () => services(evidence, page),
    nodeports: () => nodePorts(evidence, doors),
    logs: () => throughApi(evidence, 'logs'),
    exec: () => throughApi(evidence, 'exec'),
    policies: () => (isHeld || wanted.length > 1 ? held : [noPolicies(site)]),
  };
  const missing = wanted.includes('nodes') ? [] : starts(all, nodes).filter(({ is }) => is === 'wrong');
  return [...missing, ...wanted.flatMap((check) => found[check]?.() ?? [])];
}

/** Nodes on which both pods run. */
const started = (all: readonly Pod[], nodes: readonly string[]): string[] =>
  nodes.filter((name) => all.filter(({ node, isRunning }) => node === name && isRunning).length === 2);

const starts = (all: readonly Pod[], nodes: readonly string[]): Found[] =>
  nodes.map((machine): Found => {
    const late = all.find(({ node, isRunning }) => node === machine && !isRunning);
    const isThere = started(all, [machine]).length === 1;
    const base = { check: 'nodes', machine, id: `pod on ${machine}`, title: 'starts' };
    if (isThere) return { ...base, is: 'well', found: 'runs' };
    const found = `not within ${START} s: ${late?.reason.trim() ?? 'no pod was made for it'}`;
    return { ...base, is: 'wrong', found, remedy: `hardway logs ${machine} kubelet.` };
  });

const noDns = ({ master }: Site): Found => ({
  ...{ check: 'dns', machine: master, id: 'DNS', title: 'names are known in a pod', is: 'excepted' },
  ...{ found: 'there is none', reason: 'addons.coredns is off' },
});

/** Told only to who asks for nothing else. */
const noPolicies = ({ master }: Site): Found => ({
  ...{ check: 'policies', machine: master, id: 'NetworkPolicy', title: 'holds for a pod', is: 'excepted' },
  ...{ found: 'nobody makes them hold', reason: 'network.policy is false' },
});

/** Each is asked at the next: [machine, the node it goes to]. */
const ring = (names: readonly string[]): [string, string][] =>
  names.map((name, index) => [name, names[(index + 1) % names.length]!]);

const addressOf = ({ nodes }: Cluster, name: string): string =>
  nodes.find((node) => node.name === name)?.address ?? '';

async function addresses(site: Site): Promise<{ page: string; port: string; resolvers: string[] }> {
  const script = sh`echo "page=$(${kubectl} get service inside --namespace ${NAMESPACE} --request-timeout=10s -o jsonpath='{.spec.clusterIP}:{.spec.ports[0].port}')"
echo "port=$(${kubectl} get service outside --namespace ${NAMESPACE} --request-timeout=10s -o jsonpath='{.spec.ports[0].nodePort}')"
${kubectl} get pods --namespace kube-system --selector=k8s-app=kube-dns --request-timeout=10s -o jsonpath='{range .items[*]}resolver={.spec.nodeName}{"\\n"}{end}'`;
  const lines = (await ask(site, 'asking for Services', script)).split('\n');
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return { page: all('page')[0] ?? '', port: all('port')[0] ?? '', resolvers: all('resolver') };
}
