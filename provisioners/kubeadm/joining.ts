import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';
import type { Resource, Step } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { kubeletPlace } from '../certificates.ts';
import { apiByName } from '../endpoint.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { identityProblem, NONE } from '../kubelet-identity.ts';
import { printCertificate } from '../printed-certificate.ts';
import { etcdctl } from '../etcdctl.ts';
import { apiServer, type Scope } from '../scope.ts';
import { mark } from './component.ts';
import { components } from './components.ts';
import { documents, joinConfiguration } from './configuration.ts';
import { asksByName, kubeletAsks, KUBELET_CONF as CONF, leadTo, markKubelet } from './kubelet.ts';
import { kubeletDigest } from './kubelet-settings.ts';
import { MANIFESTS } from '../resources/static-pod.ts';
import { kubeadm, LIMIT } from './run.ts';
import { hasStackedEtcd } from './topology.ts';

const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
const JOINED = 'joined';

/** The resource's name. */
export const joinOf = (name: string) => `kubeadm:join/${name}` as const;

/**
 * A machine that has joined: its kubelet has a certificate of this cluster; on a master the static pods are there too,
 * and its etcd is a full member. Read from these alone, so that nothing has to be remembered.
 */
export function joined(scope: Scope, speaker: Node): Resource {
  const { cluster, node, pki } = scope;
  const isMaster = node.roles.includes('master');
  const files = isMaster ? components(cluster).map((name) => `${MANIFESTS}/${name}.yaml`) : [];
  const member = isMaster && hasStackedEtcd(cluster) ? membership(node) : sh`true`;
  return {
    id: joinOf(node.name),
    desired: { standing: JOINED },
    question: command(
      sh`[ -e ${CONF} ] && [ -e /var/lib/kubelet/config.yaml ] || exit 0
missing=$(for file in ${files}; do [ -e "$file" ] || echo "$file"; done; ${verbatim(member)})
echo "missing:" $missing
${verbatim(printCertificate(kubeletPlace('client')))}`,
      (output) => ({ standing: standing(output, scope) }),
    ),
    steps: (now) => stepsFrom(String(now?.['standing'] ?? NONE), scope, speaker),
    why: 'kubeadm join: the authority is pinned by its digest, the kubelet asks for a certificate of its own.',
  };

  function standing(output: string, { node: { name } }: Scope): string {
    const [, missing = '', printed = ''] = /^missing:(.*)\n?([^]*)$/.exec(output) ?? [];
    if (output === '') return NONE;
    return identityProblem(printed, name, 'client', pki) ?? (missing.trim() === '' ? JOINED : UNFINISHED);
  }
}

const UNFINISHED = 'its control plane is unfinished';

/** A learner, or none at all, says so; an etcd that does not answer says nothing. */
const membership = ({ address }: Node) =>
  sh`members=$(${etcdctl} member list --command-timeout=3s 2>/dev/null) && ! echo "$members" | grep ${`https://${address}:2380`} | grep -q ', started, .*, false$' && echo member`;

function stepsFrom(was: string, scope: Scope, speaker: Node): Step[] {
  const isMaster = scope.node.roles.includes('master');
  const marks = isMaster ? components(scope.cluster).map((name) => ({ run: mark(name) })) : [];
  if (was === UNFINISHED) return [...finished(scope, speaker), ...marks];
  if (was !== NONE) return askAnew(scope);
  return [
    // Of a join that was cut off before the node was known.
    { remove: CONF },
    ...(isMaster ? [asksAt(scope.cluster, speaker)] : []),
    { run: kubeadm(['join'], documents(joinConfiguration(scope, speaker))), limit: LIMIT },
    isMaster ? asksAt(scope.cluster, scope.node) : { run: asksByName(scope.cluster) },
    ...marks,
    { run: markKubelet(kubeletDigest(scope)) },
  ];
}

/**
 * kubeadm asks the cluster by admin.conf, which names the master's own API: that of the speaker for as long as it joins.
 * Cut off in between, the next run writes the file as it should be, and what is left to do begins with this again.
 */
const ADMIN = '/etc/kubernetes/admin.conf';
const asksAt = (cluster: Cluster, master: Node): Step => ({
  run: leadTo(ADMIN, apiServer(cluster, master)),
});

/** kubeadm refuses to join a node that is there and Ready; what is left to do can be done by name. */
function finished(scope: Scope, speaker: Node): Step[] {
  const configuration = documents(joinConfiguration(scope, speaker, ADMIN));
  const phase = (...words: string[]): Step => ({
    run: kubeadm(['join', 'phase', ...words], configuration),
    limit: LIMIT,
  });
  return [
    asksAt(scope.cluster, speaker),
    // A kubelet whose API does not answer ends no pods, and starts none that has the name of one.
    { run: kubeletAsks(apiServer(scope.cluster, speaker)) },
    phase('control-plane-prepare', 'certs'),
    phase('control-plane-prepare', 'kubeconfig'),
    phase('control-plane-prepare', 'control-plane'),
    ...(hasStackedEtcd(scope.cluster) ? [phase('etcd-join')] : []),
    phase('control-plane-join', 'mark-control-plane'),
    asksAt(scope.cluster, scope.node),
    { run: kubeletAsks(apiServer(scope.cluster, scope.node)) },
  ];
}

/** A node that is known gets another certificate as it got its first: its kubelet asks with the token. */
function askAnew({ cluster, token }: Scope): Step[] {
  const ca = { file: '/etc/kubernetes/pki/ca.crt' };
  return [
    {
      put: BOOTSTRAP,
      content: kubeconfig(cluster.name, apiByName(cluster), ca, 'bootstrap', { token }),
      mode: 0o600,
    },
    { remove: CONF },
    { remove: kubeletPlace('client') },
    {
      run: sh`systemctl restart kubelet
tries=0
until [ -e ${CONF} ]; do
  tries=$((tries + 1))
  if [ $tries -gt 240 ]; then echo 'the kubelet was given no certificate within 60 s'; exit 1; fi
  sleep 0.25
done
rm -f ${BOOTSTRAP}`,
    },
  ];
}
