import type { Cluster, Node } from '../../src/cluster/model.ts';
import type { Condition, Phase } from '../../src/engine/phase.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { absent } from '../../src/resources/file.ts';
import {
  apiNameKnown,
  apiServerReady,
  containerdAnswers,
  etcdHasQuorum,
  mayJoin,
  nodesHaveSubnets,
  nodesReady,
  prepared,
} from '../conditions.ts';
import { lastWords } from '../diagnosis.ts';
import { noJoinToken } from '../join-token.ts';
import { answerKubelets, openRequests, requestsAnswered } from '../kubelet-requests.ts';
import { allocatesSubnets } from '../pod-network.ts';
import { nodeObject } from '../resources/node.ts';
import { registered } from '../resources/registered.ts';
import { byRole, kubeNodes, namesOf, type Scope, speaker } from '../scope.ts';
import type { Standing } from '../standing.ts';
import { component } from './component.ts';
import { components } from './components.ts';
import { founded } from './founding.ts';
import { joined } from './joining.ts';
import { KUBELET_CONF, kubeletConf, kubeletSettings, kubeletUnit } from './kubelet.ts';
import { fallen } from './members.ts';
import { machineFiles, masterFiles } from './files.ts';
import { FILE } from './run.ts';
import { settings } from './settings.ts';
import { hasFollowers, hasStackedEtcd, speakerOf } from './topology.ts';
import { noUploadedCertificates, uploadedCertificates } from './uploaded.ts';

/** Programs, keys and settings that must lie on a machine before kubeadm runs there. */
export const filesPhase = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'kubeadm-files',
  title: 'Hand out keys and settings',
  docs: 'https://kubernetes.io/docs/setup/best-practices/certificates/',
  on: namesOf(kubeNodes(cluster)),
  needs: [prepared(namesOf(kubeNodes(cluster)))],
  stages: [
    { title: 'every machine', resources: machineFiles },
    {
      title: 'masters',
      on: namesOf(byRole(cluster, 'master')),
      resources: (scope) => masterFiles(scope, isSpeaker(scope, present)),
    },
  ],
});

/** kubeadm init, on one master. */
export const initPhase = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'init',
  title: 'Make the cluster with kubeadm',
  docs: 'https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/',
  on: namesOf(byRole(cluster, 'master')),
  needs: [containerdAnswers(cluster), ...(hasStackedEtcd(cluster) ? [] : [etcdHasQuorum(cluster)])],
  stages: [
    {
      title: 'the first master',
      resources: (scope) =>
        isSpeaker(scope, present) && !hasFollowers(scope, present) ? [founded(scope)] : [],
      attend: answerKubelets(speaker(cluster, present)[0] ?? ''),
      settle: [served(namesOf(byRole(cluster, 'master')))],
    },
  ],
});

/** What the API holds of the settings, then the static pods and kubelets that were made from others. */
export const settingsPhase = (
  cluster: Cluster,
  present: readonly string[],
  standing: Pick<Standing, 'membership' | 'fresh'>,
): Phase<Scope> => ({
  name: 'settings',
  title: 'Bring the settings where they count',
  docs: 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-reconfigure/',
  on: namesOf(kubeNodes(cluster)),
  needs: [containerdAnswers(cluster), made(speaker(cluster, present))],
  stages: [
    {
      title: 'components',
      on: namesOf(byRole(cluster, 'master')),
      pace: 'one-by-one',
      resources: (scope) =>
        hasControlPlane(scope, standing) ? components(cluster).map((name) => component(scope, name)) : [],
      settle: [apiServerReady(cluster)],
    },
    {
      title: 'the API',
      on: namesOf(byRole(cluster, 'master')),
      resources: (scope) => (isSpeaker(scope, present) ? settings(scope) : []),
    },
    {
      title: 'kubelets',
      resources: (scope) => (isStanding(scope) ? [kubeletConf(scope), kubeletSettings(scope)] : []),
    },
  ],
});

/** kubeadm join: masters one after another, then all others at once. */
export function joinPhase(cluster: Cluster, there: readonly string[]): Phase<Scope> {
  const present = namesOf(kubeNodes(cluster)).filter((name) => there.includes(name));
  const masters = namesOf(byRole(cluster, 'master'));
  const others = namesOf(kubeNodes(cluster).filter(({ roles }) => !roles.includes('master')));
  const attend = answerKubelets(speaker(cluster, there)[0] ?? '');
  const through = (scope: Scope): Node | undefined => speakerOf(scope, there);
  const join = (scope: Scope): Resource[] => {
    const master = through(scope);
    return master === undefined || master === scope.node ? [] : [joined(scope, master)];
  };
  const onSpeaker =
    (resources: (scope: Scope) => readonly Resource[]) =>
    (scope: Scope): readonly Resource[] =>
      isSpeaker(scope, there) ? resources(scope) : [];
  return {
    name: 'join',
    title: 'Join the nodes with kubeadm',
    docs: 'https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-join/',
    on: namesOf(kubeNodes(cluster)),
    needs: [
      ...[prepared(present), containerdAnswers(cluster), apiServerReady(cluster), mayJoin(cluster, there)],
      ...apiNameKnown(cluster),
    ],
    stages: [
      {
        title: 'certificates for masters',
        on: masters,
        resources: onSpeaker((scope) =>
          scope.joining.some((name) => masters.includes(name) && name !== scope.node.name)
            ? [uploadedCertificates(scope)]
            : [],
        ),
      },
      {
        title: 'masters',
        on: masters,
        pace: 'one-by-one',
        resources: join,
        attend,
        settle: [served(masters), apiServerReady(cluster)],
      },
      { title: 'minions', on: others, resources: join, attend, settle: [served(others)] },
      {
        title: 'kubelets',
        resources: (scope) => [
          ...(isStanding(scope) ? [...kubeletUnit(scope), registered(scope)] : []),
          ...(isSpeaker(scope, there) ? [openRequests] : []),
        ],
        attend,
        settle: [
          allocatesSubnets(cluster) ? nodesHaveSubnets(cluster, present) : nodesReady(cluster, present),
          requestsAnswered(cluster),
        ],
      },
      {
        title: 'what joining needed',
        resources: (scope) => [
          absent('/etc/kubernetes/bootstrap-kubelet.conf'),
          absent('/etc/kubernetes/super-admin.conf'),
          absent(FILE),
          ...onSpeaker(() => [noJoinToken(scope), noUploadedCertificates])(scope),
        ],
      },
      {
        title: 'roles',
        on: masters,
        resources: onSpeaker(() => present.map((name) => nodeObject(cluster, name))),
      },
    ],
  };
}

const isSpeaker = (scope: Scope, present: readonly string[]): boolean =>
  speakerOf(scope, present) === scope.node;

/** Has joined before this pass. What joins in it is as it should be, and the next pass looks. */
const isStanding = ({ joining, node }: Scope): boolean => !joining.includes(node.name);

/** Where there is no data, etcd would begin another database, and the others wait for it: all of them come by joining. */
const hasControlPlane = (scope: Scope, standing: Pick<Standing, 'membership' | 'fresh'>): boolean =>
  isStanding(scope) &&
  (scope.facts.etcd.data || !hasStackedEtcd(scope.cluster)) &&
  fallen(standing).every(({ name }) => name !== scope.node.name);

/** Before that nothing is in the API, and no machine has a control plane or a kubelet to change. */
const made = (machines: readonly string[]): Condition => ({
  name: 'apiServer',
  description: 'kubeadm to have made the cluster',
  on: machines,
  script: () => sh`[ -e ${KUBELET_CONF} ] || { echo 'kubeadm init has not run yet'; exit 1; }`,
  limit: 5,
});

/** Of those that have joined. */
const served = (machines: readonly string[]): Condition => ({
  name: 'nodeReady',
  description: 'the kubelet to have its certificates',
  on: machines,
  ofPresent: true,
  script: () => sh`[ -e /etc/kubernetes/kubelet.conf ] || exit 0
for usage in client server; do
  [ -e /var/lib/kubelet/pki/kubelet-$usage-current.pem ] || { echo "no $usage certificate yet"; exit 1; }
done`,
  evidence: () => lastWords('kubelet'),
  limit: 120,
});
