import type { Cluster, Node } from '../../src/cluster/model.ts';
import { isAddress } from '../../src/cluster/ranges.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { lastWords, whyNoApi } from '../diagnosis.ts';
import { etcdctl } from '../etcdctl.ts';
import { hasRoutes, hasTunnel } from '../pod-network.ts';
import { POD_ROUTES } from '../pod-routes.ts';
import { MARK } from '../resources/inventory.ts';
import { kubectl } from '../resources/manifest.ts';
import { pathOf } from '../resources/static-pod.ts';
import { isEtcdOnly } from '../scope.ts';
import { servicesOf } from '../services.ts';
import { stateOf } from '../whereabouts.ts';
import { dnsQuestion } from './dns-question.ts';
import { type ApiPath, paths } from './paths.ts';

/**
 * Everything status wants to know of one machine, as `key=value` lines. It only reads and sends a few packets; what
 * does not answer costs `timeouts.answer`, all of it at once.
 */
export const question = (cluster: Cluster, node: Node): Script => sh`PATH=$PATH:/usr/sbin:/sbin
echo "up=$(( $(date +%s) - $(stat -c %Y /proc/1) ))"
${verbatim(...servicesOf(cluster, node).map(unit))}
${verbatim(ownSubnet(cluster, node))}
[ -n "$subnet" ] && echo "subnet=$subnet $mtu"
echo "bridge=$(cat /sys/class/net/cni0/address 2>/dev/null)"
${verbatim(...servicesOf(cluster, node).flatMap((service) => health(service, answer(cluster))))}
${verbatim(...paths(cluster, node).map((way) => path(way, answer(cluster))))}
${verbatim(...(node.roles.includes('etcd') ? [member(answer(cluster))] : []))}
${verbatim(...(hasRoutes(cluster) ? [overlay(cluster)] : []))}
${verbatim(...('coredns' in cluster.addons && !isEtcdOnly(node) ? [names(cluster)] : []))}
${verbatim(node.roles.includes('master') ? api(cluster, node) : sh`known=`)}
wait
printf '%s\\n' "$known"
echo looked=through`;

/** Seconds that each has to answer. */
export const answer = ({ timeouts }: Cluster): number => timeouts['answer'] ?? 3;

/** State and version; of one that does not run also what it said last. */
const unit = (service: string): Script => sh`state=$(${verbatim(stateOf(service))})
echo ${`unit=${service}`} "$state" "$(sed -s -n '1s/^# Runs [^ ]* \\([^ ,]*\\),.*/\\1/p' ${[`/etc/systemd/system/${service}.service`, pathOf(service)]} 2>/dev/null | head -n 1)"
[ "$state" = active ] || echo ${`words=${service}`} "$( (${verbatim(lastWords(service))}) | head -n 1)"`;

/** Where each says itself whether it is well. etcd and the API server are asked as their clients do. */
const HEALTH: Readonly<Record<string, readonly [over: 'plain' | 'tls', port: number, path: string]>> = {
  'kube-controller-manager': ['tls', 10257, '/healthz'],
  'kube-scheduler': ['tls', 10259, '/healthz'],
  // Ready is who has a subnet.
  flanneld: ['plain', 8471, '/readyz'],
  kubelet: ['plain', 10248, '/healthz'],
  // Its /healthz speaks of the Node too, which not every machine is.
  'kube-proxy': ['plain', 10256, '/livez'],
};

function health(service: string, seconds: number): Script[] {
  if (service === 'containerd')
    return [
      sh`(timeout ${seconds} /usr/local/bin/ctr version >/dev/null 2>&1 && echo 'answers=containerd 200' || echo 'answers=containerd ') &`,
    ];
  const where = HEALTH[service];
  if (where === undefined) return [];
  const [over, port, path] = where;
  const request = `GET ${path} HTTP/1.0\\r\\n\\r\\n`;
  const call =
    over === 'tls'
      ? sh`printf ${request} | timeout ${seconds} openssl s_client -quiet -connect ${`127.0.0.1:${port}`} 2>/dev/null`
      : sh`timeout ${seconds} bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0; printf "$1" >&3; cat <&3' ${String(port)} ${request} 2>/dev/null`;
  return [
    sh`(echo ${`answers=${service}`} "$(${verbatim(call)} | sed -n '1s/^HTTP[^ ]* \\([0-9]*\\).*/\\1/p')") &`,
  ];
}

/** Whose certificate is proven, and what it says of itself to anybody. */
const path = ({ host, port }: ApiPath, seconds: number): Script =>
  sh`(began=$(date +%s%N); said=$(printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' | timeout ${seconds} openssl s_client -quiet -CAfile /etc/kubernetes/pki/ca.crt -verify_return_error ${isAddress(host) ? '-verify_ip' : '-verify_hostname'} ${host} -connect ${`${host}:${port}`} 2>/dev/null | sed -n '1s/^HTTP[^ ]* \\([0-9]*\\).*/\\1/p'); echo ${`path=${host}:${port}`} "$said" $(( ($(date +%s%N) - began) / 1000000 ))) &`;

const member = (
  seconds: number,
): Script => sh`(echo "member=$(timeout ${seconds + 2} ${etcdctl} endpoint status --command-timeout=${seconds}s -w json 2>/dev/null)") &
(timeout ${seconds + 2} ${etcdctl} endpoint health --command-timeout=${seconds}s >/dev/null 2>&1 && echo quorum=yes) &`;

/** Of the machine's own pods, as the network has it. */
const ownSubnet = ({ network: { cni } }: Cluster, { name }: Node): Script =>
  cni === 'flannel'
    ? sh`[ -e /run/flannel/subnet.env ] && . /run/flannel/subnet.env && subnet=$FLANNEL_SUBNET mtu=$FLANNEL_MTU`
    : cni === 'routes'
      ? sh`subnet=$(sed -n ${`s/^${name} \\([^ ]*\\) .*/\\1/p`} ${POD_ROUTES} 2>/dev/null)
mtu=$(sed -n 's/.*"mtu": \\([0-9]*\\).*/\\1/p' /etc/cni/net.d/10-routes.conflist 2>/dev/null)`
      : sh`subnet=`;

/** A packet to every other machine's end of the pod network: as large as it carries, a small one when that is lost. */
const overlay = (
  cluster: Cluster,
): Script => sh`for route in $(ip -4 route show | awk '$2 == "via" { print $1 }'); do
  case $route in */*) ;; *) continue ;; esac
  (${verbatim(inRange(cluster))} || exit 0
  to=\${route%/*}; ${verbatim(hasTunnel(cluster) ? sh`:` : sh`to=\${to%.*}.1`)}
  command -v ping >/dev/null || { echo "way=$route noping"; exit 0; }
  said=$(ping -n -c 1 -W 1 -M do -s $((mtu - 28)) "$to" 2>/dev/null) || said=$(ping -n -c 1 -W 1 -M do -s $((mtu - 28)) "$to" 2>/dev/null)
  if [ $? = 0 ]; then echo "way=$route full $(echo "$said" | sed -n 's/.*time=\\([0-9.]*\\).*/\\1/p')"
  elif ping -n -c 1 -W 1 "$to" >/dev/null 2>&1; then echo "way=$route small"
  else echo "way=$route none"; fi) &
done`;

/** flannel's routes are those that lead into the pods' range, whole subnets at a time. */
const inRange = ({ network }: Cluster): Script =>
  sh`ip -4 route show root ${network.podCidr} | grep -q "^$route via"`;

/**
 * The name of the API's own Service, asked as a pod would: through the Service address of the cluster's DNS. dd sends
 * in one piece what bash would cut at each byte that looks like the end of a line. A packet may be lost: three tries.
 */
function names(cluster: Cluster): Script {
  const { dns } = cluster.network;
  const seconds = Math.max(1, Math.round(answer(cluster) / 3));
  return sh`(for try in 1 2 3; do
  said=$(timeout ${seconds + 1} bash -c 'exec 3<>/dev/udp/$0/53; printf "$1" | dd bs=512 iflag=fullblock status=none >&3; timeout $2 head -c 12 <&3 | od -An -v -tu1' ${dns.serviceIP} ${dnsQuestion(`kubernetes.default.svc.${dns.domain}`)} ${String(seconds)} 2>/dev/null)
  [ -n "$said" ] && break
done
echo "name="$said) &`;
}

const NODES =
  '{range .items[*]}node={.metadata.name}|{.status.conditions[?(@.type=="Ready")].status}|{.status.nodeInfo.kubeletVersion}|{.status.addresses[?(@.type=="InternalIP")].address}|{.status.conditions[?(@.type=="Ready")].message}{"\\n"}{end}';
const WORKLOADS =
  '{range .items[*]}workload={.kind}|{.metadata.namespace}|{.metadata.name}|{.spec.replicas}{.status.desiredNumberScheduled}|{.status.readyReplicas}{.status.numberReady}|{.metadata.labels.hardway\\.dev/addon}{"\\n"}{end}';
const DNS_PODS = '{range .items[*]}resolver={.spec.nodeName}{"\\n"}{end}';

/**
 * What the API server of this machine knows; why it does not answer when it does not. Asked while the others answer,
 * and told after them: it may be long.
 */
const api = (
  cluster: Cluster,
  { address }: Node,
): Script => sh`known=$(if nodes=$(${kubectl} --server=${`https://${address}:${cluster.controlPlane.port}`} get nodes --request-timeout=${answer(cluster) + 1}s -o jsonpath=${NODES} 2>/dev/null); then
  echo api=answers
  echo "$nodes"
  ${kubectl} get deployments,daemonsets,statefulsets --all-namespaces --selector=${MARK} --request-timeout=${answer(cluster) + 1}s -o jsonpath=${WORKLOADS} 2>/dev/null
  ${kubectl} get pods --namespace kube-system --selector=k8s-app=kube-dns --request-timeout=${answer(cluster) + 1}s -o jsonpath=${DNS_PODS} 2>/dev/null
else
  echo "silence=$( (${verbatim(whyNoApi(cluster))}) 2>&1 | head -n 1)"
fi)`;
