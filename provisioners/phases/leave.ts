import type { Cluster, Node } from '../../src/cluster/model.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Condition, Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { apiServerReady, etcdHasQuorum } from '../conditions.ts';
import { noFlannelRights } from '../flannel-rights.ts';
import { hasEtcdStore, hasKubernetesStore, hasOwnRoutes } from '../pod-network.ts';
import { removal } from '../removal.ts';
import { flannelLease } from '../resources/etcd-access.ts';
import { registration } from '../resources/registration.ts';
import { noMember } from '../resources/etcd-member.ts';
import { keptRoutes } from './routes.ts';
import { byRole, kubeNodes, namesOf, type Scope, speaker } from '../scope.ts';
import type { Standing } from '../standing.ts';

/** Machines that are no longer in cluster.json: their pods move first, then node and machine are cleared. */
export const leave = (
  cluster: Cluster,
  leaving: readonly Node[],
  present: readonly string[],
  { membership }: Standing,
): Phase<Scope> => {
  const names = namesOf(leaving);
  const oneMaster = speaker(cluster, present);
  const staying = hasOwnRoutes(cluster) && names.length > 0 ? namesOf(kubeNodes(cluster)) : oneMaster;
  return {
    name: 'leave',
    title: 'Take leave of machines',
    docs: 'https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/',
    on: [...new Set([...staying, ...speaker(cluster, present, 'etcd'), ...names])],
    needs: [apiServerReady(cluster), ...(membership.leaving.length > 0 ? [membersAreThere(cluster)] : [])],
    stages: [
      {
        title: 'nodes',
        on: oneMaster,
        resources: () =>
          names.flatMap((name) => [
            registration(name, cluster.timeouts['drain'] ?? 120, present.includes(name)),
            ...(hasKubernetesStore(cluster) ? noFlannelRights(name) : []),
          ]),
      },
      ...membership.leaving.map((gone, index) => ({
        title: `${gone.name || gone.address} leaves the database`,
        on: speaker(cluster, present, 'etcd'),
        resources: () => [noMember(gone, membership.leaving.length - index + byRole(cluster, 'etcd').length)],
        settle: [etcdHasQuorum(cluster)],
      })),
      { title: 'machines', on: names, resources: cleanMachine },
      ...(hasOwnRoutes(cluster) && names.length > 0
        ? [
            {
              title: 'pod routes',
              on: namesOf(kubeNodes(cluster)),
              resources: (scope: Scope) =>
                keptRoutes(
                  scope,
                  scope.podRoutes.filter(({ name }) => !names.includes(name)),
                ),
            },
          ]
        : []),
      ...(hasEtcdStore(cluster)
        ? [
            {
              title: 'pod subnets',
              on: speaker(cluster, present, 'etcd'),
              resources: () => leaving.map(({ name, address }) => flannelLease(name, address)),
            },
          ]
        : []),
    ],
  };
};

/** A database is not made smaller than cluster.json wants it because a machine is late. */
const membersAreThere = (cluster: Cluster): Condition => ({
  name: 'etcdQuorum',
  description: 'the members that stay, before others leave',
  on: namesOf(byRole(cluster, 'etcd')),
  script: () => sh`true`,
  limit: 10,
});

const cleanMachine = ({ node, pki }: Scope): Resource[] => [
  {
    id: `machine:${node.name}`,
    desired: null,
    question: command(sh`[ -d /var/lib/hardway ] && echo prepared; true`, (output) =>
      output === '' ? null : { prepared: true },
    ),
    // What is gone already is no failure.
    steps: () => [
      {
        run: sh`set +e
${verbatim(removal(pki.authority('ca').recognized))}`,
      },
    ],
    disturbs: () => ['takes everything of the cluster off this machine'],
    why: 'It is no longer in cluster.json.',
  },
];
