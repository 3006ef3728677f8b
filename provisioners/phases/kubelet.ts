import { kubeletPlace } from '../certificates.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { absent, directory } from '../../src/resources/file.ts';
import { noService } from '../../src/resources/no-service.ts';
import {
  apiNameKnown,
  apiServerReady,
  containerdAnswers,
  mayJoin,
  networkReady,
  nodesHaveSubnets,
  nodesReady,
  prepared,
} from '../conditions.ts';
import { lastWords } from '../diagnosis.ts';
import { apiByName } from '../endpoint.ts';
import { noJoinToken } from '../join-token.ts';
import { authority, BOOTSTRAP, kubeletService } from '../kubelet-service.ts';
import { answerKubelets, openRequests, requestsAnswered } from '../kubelet-requests.ts';
import { identityProblem, type KubeletUsage, NONE } from '../kubelet-identity.ts';
import { printCertificate } from '../printed-certificate.ts';
import { allocatesSubnets } from '../pod-network.ts';
import { nodeObject } from '../resources/node.ts';
import { registered } from '../resources/registered.ts';
import { byRole, namesOf, nodesOf, type Scope, speaker } from '../scope.ts';

const PKI = '/etc/kubernetes/pki';
const CONF = '/etc/kubernetes/kubelet.conf';
const GOOD = 'good';

/** Each machine becomes a node: joins with the token, the CA pinned, and is given certificates of its own. */
export function kubelet(cluster: Cluster, there: readonly string[]): Phase<Scope> {
  const present = namesOf(nodesOf(cluster)).filter((name) => there.includes(name));
  const oneMaster = speaker(cluster, there);
  // A node is Ready when it has its pod network; where that needs the Node, it comes afterwards.
  const joinsFirst = allocatesSubnets(cluster);
  return {
    name: 'kubelet',
    title: 'Join the nodes',
    docs: 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/',
    on: namesOf(nodesOf(cluster)),
    needs: [
      ...[prepared(present), containerdAnswers(cluster), ...networkReady(cluster)],
      ...[apiServerReady(cluster), mayJoin(cluster, there), ...apiNameKnown(cluster)],
    ],
    stages: [
      // Before anything is asked that trusts it.
      { title: 'authority', resources: (scope) => [directory(PKI), authority(scope)] },
      {
        title: 'kubelets',
        resources: (scope) => [
          identity('client', scope),
          identity('server', scope),
          wayToApi(scope),
          ...kubeletService(scope),
          registered(scope),
          ...(oneMaster.includes(scope.node.name) ? [openRequests] : []),
        ],
        attend: answerKubelets(oneMaster[0] ?? ''),
        settle: [
          hasIdentities(cluster, present),
          joinsFirst ? nodesHaveSubnets(cluster, present) : nodesReady(cluster, present),
          requestsAnswered(cluster),
        ],
      },
      {
        title: 'join token no longer needed',
        resources: (scope) => [
          absent(BOOTSTRAP),
          ...(oneMaster.includes(scope.node.name) ? [noJoinToken(scope)] : []),
        ],
      },
      {
        title: 'roles',
        on: oneMaster,
        resources: ({ podRoutes }) => present.map((name) => nodeObject(cluster, name, podRoutes)),
      },
    ],
  };
}

/** The kubelets of masters that run the control plane's pods: they are there before any API is, and join it later. */
export const masterKubelets = (cluster: Cluster): Phase<Scope> => {
  const masters = namesOf(byRole(cluster, 'master'));
  return {
    name: 'master-kubelet',
    title: 'Start the kubelets of the masters',
    docs: 'https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/',
    on: masters,
    needs: [prepared(masters), containerdAnswers(cluster)],
    stages: [
      {
        title: 'kubelets of masters',
        resources: (scope) => [directory(PKI), authority(scope), ...kubeletService(scope)],
      },
    ],
  };
};

/** A master that is no node has no kubelet, unless that runs its control plane. */
export const noMasterKubelets = (cluster: Cluster): Phase<Scope> => ({
  name: 'master-kubelet',
  title: 'End the kubelets of the masters',
  docs: 'https://kubernetes.io/docs/concepts/architecture/#kubelet',
  on: namesOf(byRole(cluster, 'master')),
  needs: [prepared(namesOf(byRole(cluster, 'master')))],
  stages: [{ title: 'kubelets of masters', resources: () => [noService('kubelet')] }],
});

/** The kubelet's own certificate and the kubeconfig that names it: made on its request, closed by answering it. */
const identity = (usage: KubeletUsage, { node, pki }: Scope): Resource => ({
  id: `certificate:kubelet-${usage}`,
  desired: { standing: GOOD },
  question: command(
    sh`[ -e ${CONF} ] && ${verbatim(printCertificate(kubeletPlace(usage)))}; true`,
    (output) => ({ standing: identityProblem(output, node.name, usage, pki) ?? GOOD }),
  ),
  // A kubelet that runs looks for its certificates when it starts, and asks with the token only without one.
  steps: (now) => [
    ...(now?.['standing'] === NONE ? [] : [{ remove: kubeletPlace(usage) }]),
    ...(now?.['standing'] === NONE || usage === 'server' ? [] : [{ remove: CONF }]),
    { run: sh`systemctl try-restart --no-block kubelet 2>/dev/null || true` },
  ],
  why: 'Asked for by the kubelet, checked against cluster.json, signed on the operator’s side.',
});

/** What it took over from the bootstrap kubeconfig when it joined: by the API's name, whichever master answers to it. */
function wayToApi({ cluster }: Scope): Resource {
  const server = apiByName(cluster);
  return {
    id: `kubeconfig:${CONF}`,
    desired: { server },
    question: command(sh`sed -n 's/^ *server: *//p' ${CONF} 2>/dev/null; true`, (found) => ({
      // Without one it joins yet, and takes the name over.
      server: found === '' ? server : found,
    })),
    // Stopped first: were this cut off, the next run would find it stopped, or still with the old address.
    steps: () => [
      {
        run: sh`systemctl stop kubelet
[ ! -e ${CONF} ] || sed -i ${`s|^\\( *server:\\).*|\\1 ${server}|`} ${CONF}
systemctl start kubelet`,
      },
    ],
    disturbs: () => ['restarts kubelet.service: its pods go on'],
    why: 'A master may go: nobody keeps the address of a single one.',
  };
}

const hasIdentities = (cluster: Cluster, present: readonly string[]) => ({
  name: 'nodeReady',
  description: 'the kubelet to have its certificates',
  on: present,
  script: () => sh`for usage in client server; do
  [ -e /var/lib/kubelet/pki/kubelet-$usage-current.pem ] || { echo "no $usage certificate yet"; exit 1; }
done`,
  evidence: () => lastWords('kubelet'),
  limit: cluster.timeouts['nodeReady'] ?? 120,
});
