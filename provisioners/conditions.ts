import type { Cluster } from '../src/cluster/model.ts';
import { sh, verbatim } from '../src/connection/quote.ts';
import type { Condition } from '../src/engine/phase.ts';
import { lastWords, whyNoApi } from './diagnosis.ts';
import { apiAddress, apiName } from './endpoint.ts';
import { type Membership, quorum } from './etcd-members.ts';
import { etcdctl } from './etcdctl.ts';
import { comesInPods, hasEtcdStore, hasOwnRoutes } from './pod-network.ts';
import { kubectl } from './resources/manifest.ts';
import { pathOf } from './resources/static-pod.ts';
import { waitingContainers } from './rollouts.ts';
import { byRole, isNode, kubeNodes, namesOf, speaker } from './scope.ts';
import { servicesOf } from './services.ts';
import { stateOf } from './whereabouts.ts';

const seconds = (cluster: Cluster, name: string): number => cluster.timeouts[name] ?? 120;

/** The phase "host" has been there: what starts services and keeps state lies at its place. */
export const prepared = (machines: readonly string[]): Condition => ({
  name: 'prepared',
  description: 'the machine to be prepared',
  on: machines,
  ofPresent: true,
  script: () => sh`[ -x /usr/local/lib/hardway/record-start ] && exit 0
echo "the phase \"host\" has not been there"
exit 1`,
  limit: 10,
});

export const containerdAnswers = (cluster: Cluster): Condition => ({
  name: 'containerd',
  description: 'containerd to answer',
  on: namesOf(kubeNodes(cluster)),
  ofPresent: true,
  script: () => sh`/usr/local/bin/ctr version`,
  limit: 60,
});

/** After a boot. One that ends again and again waits to be started, and does not count. */
export const servicesStarted = (cluster: Cluster): Condition => ({
  name: 'services',
  description: 'services to have started',
  on: namesOf(cluster.nodes),
  ofPresent: true,
  script: (machine) => {
    const node = cluster.nodes.find(({ name }) => name === machine);
    const units = (node === undefined ? [] : servicesOf(cluster, node)).map((name) => `${name}.service`);
    return sh`left=$(systemctl list-units --plain --no-legend --state=start-pre,start,start-post ${units})
[ -z "$left" ] && exit 0
echo $(echo "$left" | cut -d ' ' -f 1)
exit 1`;
  },
  limit: 60,
});

/** A member answers only while a quorum stands behind it. Those that have yet to join are not asked. */
export function etcdHasQuorum(
  cluster: Cluster,
  { joining }: Pick<Membership, 'joining'> = { joining: [] },
): Condition {
  const members = namesOf(byRole(cluster, 'etcd')).filter(
    (name) => !joining.some((one) => one.name === name),
  );
  return {
    name: 'etcdQuorum',
    description: 'etcd to have a quorum',
    on: members,
    enough: Math.min(quorum(byRole(cluster, 'etcd').length), members.length),
    script: () => sh`${etcdctl} endpoint health --command-timeout=3s 2>&1`,
    evidence: () => lastWords('etcd'),
    limit: seconds(cluster, 'etcdQuorum'),
  };
}

export const apiServerReady = (cluster: Cluster): Condition => ({
  name: 'apiServer',
  description: 'the API server to be ready',
  on: namesOf(byRole(cluster, 'master')),
  enough: 1,
  script: () =>
    cluster.kubernetes.flavour === 'kubeadm'
      ? sh`if [ ! -e /etc/kubernetes/kubelet.conf ] || [ ! -e ${pathOf('kube-apiserver')} ]; then
  for address in ${byRole(cluster, 'master').map(({ address }) => address)}; do
    timeout 2 bash -c 'exec 3<>/dev/tcp/$0/$1' "$address" ${String(cluster.controlPlane.port)} 2>/dev/null && exit 0
  done
  echo 'no master serves yet'
  exit 1
fi
${kubectl} get --raw /readyz --request-timeout=5s`
      : sh`state=$(${verbatim(stateOf('kube-apiserver'))})
[ "$state" = active ] || { echo "kube-apiserver is $state"; exit 1; }
${kubectl} get --raw /readyz --request-timeout=5s`,
  evidence: () => whyNoApi(cluster),
  limit: seconds(cluster, 'apiServer'),
});

/** flannel has a subnet here and pods can be given addresses from it. */
export const subnetReady = (cluster: Cluster): Condition => ({
  name: 'flannelSubnet',
  description: 'flannel to have a subnet',
  on: namesOf(kubeNodes(cluster)),
  ofPresent: true,
  script: () => sh`[ -s /etc/cni/net.d/10-flannel.conflist ] && systemctl is-active --quiet flanneld && exit 0
echo "flanneld is $(systemctl is-active flanneld)"
exit 1`,
  evidence: () => lastWords('flanneld'),
  limit: seconds(cluster, 'flannelSubnet'),
});

/** Routes to all pods are there, and pods can be given addresses. */
export const routesReady = (cluster: Cluster): Condition => ({
  name: 'podRoutes',
  description: 'routes to the pods of all machines',
  on: namesOf(kubeNodes(cluster)),
  ofPresent: true,
  script: (
    machine,
  ) => sh`systemctl is-active --quiet hardway-routes || { echo "hardway-routes is $(systemctl is-active hardway-routes)"; exit 1; }
/usr/local/lib/hardway/pod-routes check ${machine}`,
  evidence: () => lastWords('hardway-routes'),
  limit: 30,
});

/** What must be there on a machine before pods can be. */
export const networkReady = (cluster: Cluster): Condition[] => [
  ...(hasEtcdStore(cluster) ? [subnetReady(cluster)] : []),
  ...(hasOwnRoutes(cluster) ? [routesReady(cluster)] : []),
];

/** Pods that start now are told of the authorities that this master trusts. */
export const authorityPublished = (cluster: Cluster): Condition => ({
  name: 'apiServer',
  description: 'pods to be told whom to trust',
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script:
    () => sh`told=$(${kubectl} get configmap kube-root-ca.crt --namespace kube-system --request-timeout=5s -o jsonpath='{.data.ca\\.crt}') || exit 1
[ "$told" = "$(cat /etc/kubernetes/pki/ca.crt)" ] && exit 0
echo "the controller-manager has not published the authority yet"
exit 1`,
  limit: seconds(cluster, 'apiServer'),
});

/** kube-proxy looks for the Node of its machine, 30 s long where there is none, before it makes Services reachable. */
export const proxyWithoutNode = (cluster: Cluster): Condition => ({
  name: 'kubeProxy',
  description: 'kube-proxy to start without a Node',
  on: namesOf(kubeNodes(cluster).filter((node) => !isNode(cluster, node))),
  ofPresent: true,
  script: () => sh`bash -c 'exec 3<>/dev/tcp/127.0.0.1/10256' 2>/dev/null && exit 0
echo "kube-proxy is $(systemctl is-active kube-proxy)"
exit 1`,
  evidence: () => lastWords('kube-proxy'),
  limit: 90,
});

/** Where the API's name is somebody else's, each machine that calls it must be able to look it up. */
export function apiNameKnown(cluster: Cluster): Condition[] {
  const name = apiName(cluster);
  const on = namesOf(kubeNodes(cluster).filter((node) => apiAddress(cluster, node) === null));
  if (on.length === 0) return [];
  const script: Condition['script'] = (machine) => sh`getent ahostsv4 ${name} >/dev/null && exit 0
echo ${`${machine} knows no ${name}: neither its name server nor its hosts file has it`}
exit 1`;
  return [
    { name: 'apiName', description: 'the API’s name to be known', on, ofPresent: true, script, limit: 10 },
  ];
}

/** Machines that join may ask for their certificates. */
export const mayJoin = (cluster: Cluster, present: readonly string[]): Condition => ({
  name: 'apiServer',
  description: 'machines to be allowed to join',
  on: speaker(cluster, present),
  script: () =>
    sh`${kubectl} get clusterrolebinding hardway:node-bootstrapper --request-timeout=5s -o name >/dev/null`,
  limit: seconds(cluster, 'apiServer'),
});

/** Names must be those of machines that are there. */
export const nodesReady = (
  cluster: Cluster,
  nodes: readonly string[],
  atLeast = nodes.length,
): Condition => ({
  name: 'nodeReady',
  description: `${nodes.length === 1 ? nodes[0] : `${Math.min(atLeast, nodes.length)} nodes`} to be Ready`,
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script: () => sh`nodes=$(${kubectl} get nodes --request-timeout=5s -o jsonpath=${nodeLines}) || exit 1
ready=0; missing=
for node in ${nodes}; do
  if echo "$nodes" | grep -qx "$node True"; then ready=$((ready + 1)); else missing="$missing $node"; fi
done
[ -z "$missing" ] || [ $ready -ge ${atLeast} ] && exit 0
set -- ${nodes}
echo "$ready of $# nodes are Ready; not yet:$missing"
exit 1`,
  limit: seconds(cluster, 'nodeReady'),
});

/** The same where pods connect pods: it is said whose they are. */
export const nodesConnected = (
  cluster: Cluster,
  nodes: readonly string[],
  atLeast = nodes.length,
): Condition => {
  const ready = nodesReady(cluster, nodes, atLeast);
  if (!comesInPods(cluster)) return ready;
  const { cni } = cluster.network;
  const plugin = cni === 'none' ? 'a network plug-in, which you bring in addons/ (network.cni "none")' : cni;
  return {
    ...ready,
    description: `${ready.description} with ${plugin}`,
    evidence: (machine) => sh`said=$( (${verbatim(ready.script(machine))}) 2>&1 )
why=$(${verbatim(waitingContainers('--all-namespaces'))} | head -n 1)
echo "$said\${why:+; $why}"`,
  };
};

/** Nodes are in the API, each with the pod subnet that the controller-manager gives it. */
export const nodesHaveSubnets = (cluster: Cluster, nodes: readonly string[]): Condition => ({
  name: 'nodeReady',
  description: `${nodes.length === 1 ? nodes[0] : `${nodes.length} nodes`} to have a pod subnet`,
  on: namesOf(byRole(cluster, 'master')),
  one: true,
  script: () => sh`nodes=$(${kubectl} get nodes --request-timeout=5s -o jsonpath=${subnetLines}) || exit 1
missing=
for node in ${nodes}; do echo "$nodes" | grep -q "^$node [0-9]" || missing="$missing $node"; done
[ -z "$missing" ] && exit 0
echo "not yet:$missing"
exit 1`,
  limit: seconds(cluster, 'nodeReady'),
});

const subnetLines = '{range .items[*]}{.metadata.name}{" "}{.spec.podCIDR}{"\\n"}{end}';

const nodeLines =
  '{range .items[*]}{.metadata.name}{" "}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
