import type { Cluster } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { etcdctl } from './etcdctl.ts';
import { kubectl } from './resources/manifest.ts';
import { pathOf } from './resources/static-pod.ts';
import { logOf, stateOf } from './whereabouts.ts';

/** Lines of a unit's log that are shown with a failure. */
const SHOWN = 20;

/** The state of a service and the last mistake it wrote about, in one line; below it the end of its log. */
export const lastWords = (service: string): Script => sh`words=$(${verbatim(words(service))})
mistake=$(echo "$words" | grep -E '^[EF][0-9]{4} |rror|fatal|panic' | tail -n 1)
echo ${service} "is $(${verbatim(stateOf(service))}): $(echo "\${mistake:-$(echo "$words" | tail -n 1)}" | sed -E ${SHORTER})"
echo "$words"`;

/** What matters of a line of etcd (JSON) or of the Kubernetes programs (date, source line). */
const SHORTER =
  's/^\\{.*"msg":"([^"]*)".*"error":"([^"]*)".*/\\1: \\2/; s/^\\{.*"msg":"([^"]*)".*/\\1/; s/^[EFIW][0-9]{4} [^]]*\\] //';

const words = (service: string): Script => sh`{ ${verbatim(logOf(service, SHOWN))}
} | cut -c1-300`;

/** Which of etcd, certificate, port and authorisation keeps the API server from answering. */
export const whyNoApi = ({
  controlPlane: { port },
}: Cluster): Script => sh`cd /etc/kubernetes/pki 2>/dev/null &&
  [ -e /etc/systemd/system/kube-apiserver.service ] || [ -e ${pathOf('kube-apiserver')} ] || { echo 'kube-apiserver is not installed yet'; exit 0; }
if [ -e /etc/systemd/system/etcd.service ] && ! ${etcdctl} endpoint health --command-timeout=3s >/dev/null 2>&1; then
  echo "etcd does not answer: $(${verbatim(lastWords('etcd'))})"
  exit 0
fi
for pair in ${Object.entries(SIGNERS).map((pair) => pair.join(':'))}; do
  seen=$(openssl verify -CAfile "\${pair#*:}" "\${pair%%:*}" 2>&1) && continue
  echo "the certificate $PWD/\${pair%%:*} does not do: $(echo "$seen" | sed -n 's/^error.*lookup: *//p' | head -n 1)"
  exit 0
done
other=$(ss -H -lntp sport = ${`:${port}`} | grep -v '"kube-apiserver"' | sed -n 's/.*(("\\([^"]*\\)",pid=\\([0-9]*\\).*/pid \\2 (\\1)/p' | head -n 1)
[ -z "$other" ] || { echo ${`port ${port} is used by`} "$other"; exit 0; }
said=$(${kubectl} get --raw '/readyz?verbose' --request-timeout=5s 2>&1) && exit 0
case $said in
  *nauthorized*|*orbidden*) echo "it answers, but refuses /etc/kubernetes/admin.conf: $(echo "$said" | tail -n 1)";;
  *'[-]'*) echo "not ready: $(echo "$said" | grep '^\\[-\\]' | tr '\\n' ' ')"; ${verbatim(words('kube-apiserver'))};;
  *) ${verbatim(lastWords('kube-apiserver'))};;
esac`;

/** Who must have signed what the API server presents. */
const SIGNERS: Readonly<Record<string, string>> = {
  'apiserver.crt': 'ca.crt',
  'apiserver-kubelet-client.crt': 'ca.crt',
  'apiserver-etcd-client.crt': 'etcd/ca.crt',
  'front-proxy-client.crt': 'front-proxy-ca.crt',
};
