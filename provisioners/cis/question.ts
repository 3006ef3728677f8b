import type { Cluster, Node } from '../../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { AUDIT } from '../audit-policy.ts';
import { etcdctl } from '../etcdctl.ts';
import { kubectl } from '../resources/manifest.ts';
import { byRole, namesOf, nodesOf } from '../scope.ts';
import { pidOf } from '../whereabouts.ts';
import type { Look } from './look.ts';

const PROGRAMS = [
  ...['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'],
  ...['kubelet', 'kube-proxy', 'containerd', 'flanneld'],
];

/** Looked at with everything below them. */
const PATHS = [
  ...['/etc/kubernetes', '/etc/cni/net.d', '/var/lib/cni/networks', '/etc/etcd', AUDIT],
  ...['/var/lib/kubelet/config.yaml', '/var/lib/kube-proxy'],
];

const DOCUMENTS = [
  ...['/etc/kubernetes/encryption.yaml', '/etc/kubernetes/admission.yaml'],
  ...['/etc/kubernetes/audit-policy.yaml', '/etc/kubernetes/authentication.yaml'],
  ...['/var/lib/kubelet/config.yaml', '/var/lib/kube-proxy/config.yaml'],
];

/** Everything that the table wants to know of one machine, as `name=value` lines; reads only. */
export const question = (cluster: Cluster, node: Node): Script => sh`PATH=$PATH:/usr/local/bin:/usr/sbin:/sbin
echo "container=$(systemd-detect-virt --container 2>/dev/null)"
echo "hostname=$(uname -n)"
${verbatim(...PROGRAMS.map(processNumber))}
for program in ${PROGRAMS}; do
  pid=$(eval "echo \\$pid_$(echo "$program" | tr - _)")
  [ "\${pid:-0}" -gt 0 ] || continue
  core=$(sed -n 's/^Max core file size *\\([^ ]*\\) .*/\\1/p' "/proc/$pid/limits")
  echo "process=$program $(stat -c %U "/proc/$pid") $core"
  tr '\\0' '\\n' <"/proc/$pid/cmdline" | sed "1d;s/^/argument=$program /"
done
find ${PATHS} -printf 'file=%m %u:%g %y %p\\n' 2>/dev/null
find /var/lib/etcd -maxdepth 0 -printf 'file=%m %u:%g %y %p\\n' 2>/dev/null
for program in ${PROGRAMS}; do find "/etc/systemd/system/$program.service" "/etc/systemd/system/$program.service.d" -printf 'file=%m %u:%g %y %p\\n' 2>/dev/null; done
for file in ${DOCUMENTS}; do
  [ -e "$file" ] && echo "document=$file $(sed 's/secret:.*/secret: -/' "$file" | base64 -w0)"
done
for conf in /etc/kubernetes/*.conf; do
  echo "subject=$conf $(sed -n 's/.*client-certificate-data: //p' "$conf" | base64 -d 2>/dev/null | openssl x509 -noout -subject -nameopt RFC2253 2>/dev/null)"
done
openssl verify -CAfile /etc/kubernetes/pki/ca.crt /var/lib/kubelet/pki/kubelet-server-current.pem >/dev/null 2>&1 && echo serving=signed
for ca in /etc/kubernetes/pki/ca.crt /etc/kubernetes/pki/front-proxy-ca.crt /etc/etcd/pki/ca.crt; do
  [ -e "$ca" ] && echo "authority=$ca $(openssl x509 -noout -fingerprint -sha256 -in "$ca")"
done
${verbatim(...(node.roles.includes('etcd') ? [database] : []), ...(isFirstMaster(cluster, node) ? [api(cluster)] : []))}
true`;

const processNumber = (program: string): Script =>
  sh`${verbatim(`pid_${program.replaceAll('-', '_')}` as Script)}=$(${verbatim(pidOf(program))})`;

/** The API is asked on one machine only. */
const isFirstMaster = (cluster: Cluster, node: Node): boolean =>
  byRole(cluster, 'master')[0]?.name === node.name;

export const onFirstMaster = ({ cluster, node }: Look): boolean => isFirstMaster(cluster, node);

/** How many Secrets there are, and how many of them do not begin with "k8s:enc:" (in base64). */
const database = sh`all=$(${etcdctl} get --prefix /registry/secrets/ -w json 2>/dev/null) &&
  echo "secrets=$(printf '%s' "$all" | tr '{' '\\n' | grep -c '"value":') $(printf '%s' "$all" | tr '{' '\\n' | grep '"value":' | grep -vc '"value":"azhzOmVuYz')"`;

const api = (cluster: Cluster): Script => sh`for node in ${namesOf(nodesOf(cluster))}; do
  echo "kubelet=$node $(${kubectl} get --raw "/api/v1/nodes/$node/proxy/configz" --request-timeout=5s 2>/dev/null)" &
done
wait
${kubectl} get serviceaccounts --all-namespaces --field-selector=metadata.name=default --request-timeout=10s -o jsonpath=${'{range .items[*]}account={.metadata.namespace} {.automountServiceAccountToken}{"\\n"}{end}'}
${kubectl} get namespaces --request-timeout=10s -o jsonpath=${'{range .items[*]}namespace={.metadata.name} {.metadata.labels.pod-security\\.kubernetes\\.io/enforce}{"\\n"}{end}'}
${kubectl} get clusterrolebindings --request-timeout=10s -o jsonpath=${'{range .items[?(@.roleRef.name=="cluster-admin")]}administrators={.metadata.name}{range .subjects[*]} {.kind}:{.name}{end}{"\\n"}{end}'}
${kubectl} get clusterroles --selector=app.kubernetes.io/managed-by=hardway --request-timeout=10s -o jsonpath=${'{range .items[*]}role={.metadata.name} {.rules}{"\\n"}{end}'} && echo roles=all
pods=$(${kubectl} get pods --namespace default --request-timeout=10s -o name) && echo "default-pods=$(printf '%s' "$pods" | grep -c .)"`;
