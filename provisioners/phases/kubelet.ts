import { kubeletPlace } from '../certificates.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { absent, directory, file, type FileResource } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import {
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
import { NO_RESOLVER } from '../facts.ts';
import { kubeletConfiguration, registrationConfiguration } from '../kubelet-configuration.ts';
import { noJoinToken } from '../join-token.ts';
import { answerKubelets, openRequests, requestsAnswered } from '../kubelet-requests.ts';
import { kubeconfig } from '../kubeconfig.ts';
import { hostName } from '../host-name.ts';
import { identityProblem, type KubeletUsage, NONE } from '../kubelet-identity.ts';
import { printCertificate } from '../printed-certificate.ts';
import { allocatesSubnets } from '../pod-network.ts';
import { programLine, programs } from '../program.ts';
import { nodeObject } from '../resources/node.ts';
import { registered } from '../resources/registered.ts';
import { kubeNodes, namesOf, type Scope, speaker } from '../scope.ts';
import { template } from '../template.ts';
import { yaml } from '../yaml.ts';

const PKI = '/etc/kubernetes/pki';
const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
const CONF = '/etc/kubernetes/kubelet.conf';
/** Settings beside config.yaml. */
const SETTINGS = '/etc/kubernetes/kubelet.d';
const GOOD = 'good';

/** Each machine becomes a node: joins with the token, the CA pinned, and is given certificates of its own. */
export function kubelet(cluster: Cluster, there: readonly string[]): Phase<Scope> {
  const present = namesOf(kubeNodes(cluster)).filter((name) => there.includes(name));
  const oneMaster = speaker(cluster, there);
  // A node is Ready when it has its pod network; where that needs the Node, it comes afterwards.
  const joinsFirst = allocatesSubnets(cluster);
  return {
    name: 'kubelet',
    title: 'Join the nodes',
    docs: 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/',
    on: namesOf(kubeNodes(cluster)),
    needs: [
      ...[prepared(present), containerdAnswers(cluster), ...networkReady(cluster)],
      ...[apiServerReady(cluster), mayJoin(cluster)],
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
          ...kubeletResources(scope),
          registered(scope),
          ...(oneMaster.includes(scope.node.name) ? [openRequests] : []),
        ],
        attend: answerKubelets(oneMaster[0] ?? ''),
        settle: [
          hasIdentities(present),
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

const authority = ({ pki }: Scope): FileResource => file(`${PKI}/ca.crt`, pki.authority('ca').trustPem);

function kubeletResources(scope: Scope): Resource[] {
  const { node, facts, artefacts, joining } = scope;
  const ca = authority(scope);
  const config = file('/var/lib/kubelet/config.yaml', yaml(kubeletConfiguration(scope)), {
    mode: 0o600,
  });
  const unit = template('kubelet/kubelet.service', {
    program: programLine(artefacts.get('kubelet')),
    address: node.address,
    override: hostName(node) === null && node.name,
  });
  return [
    ...programs(artefacts, 'kubelet', ...(node.roles.includes('master') ? [] : ['kubectl'])),
    directory('/etc/kubernetes/manifests', { mode: 0o755 }),
    ...(joining.includes(node.name) ? [bootstrapConf(scope)] : []),
    config,
    directory(SETTINGS),
    // Not followed by the service: it counts only for a Node that is not there yet.
    file(`${SETTINGS}/taints.conf`, yaml(registrationConfiguration(scope)), {
      mode: 0o600,
      why: 'No pod may come before the node has its taints: it registers with them.',
    }),
    ...(facts.resolvConf === '' ? [noResolver] : []),
    ...service('kubelet', unit, { follows: [config, ca], interrupts: 'its pods go on' }),
  ];
}

/**
 * For a machine that would ask only itself: without a name server the cluster DNS does not start, with the machine's
 * own it would ask itself for ever. This address is kept for documentation (RFC 5737): nobody answers.
 */
const noResolver = file(NO_RESOLVER, 'nameserver 192.0.2.1\n', {
  why: 'This machine names no name server but itself; pods on it resolve names of the cluster only.',
});

function bootstrapConf({ cluster, token }: Scope): Resource {
  // By its file: the kubelet copies this into its own kubeconfig, and authorities change.
  const text = kubeconfig(cluster.name, apiByName(cluster), { file: `${PKI}/ca.crt` }, 'bootstrap', {
    token,
  });
  return file(BOOTSTRAP, text, {
    secret: true,
    why: 'Removed again as soon as the node has its own certificate.',
  });
}

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

const hasIdentities = (present: readonly string[]) => ({
  name: 'nodeReady',
  description: 'the kubelet to have its certificates',
  on: present,
  script: () => sh`for usage in client server; do
  [ -e /var/lib/kubelet/pki/kubelet-$usage-current.pem ] || { echo "no $usage certificate yet"; exit 1; }
done`,
  evidence: () => lastWords('kubelet'),
  limit: 120,
});
