import type { Cluster, Node } from '../../src/cluster/model.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { apiServerReady } from '../conditions.ts';
import { noFlannelRights } from '../flannel-rights.ts';
import { hasEtcdStore, hasKubernetesStore } from '../pod-network.ts';
import { removal } from '../removal.ts';
import { flannelLease } from '../resources/etcd-access.ts';
import { registration } from '../resources/registration.ts';
import { namesOf, type Scope, speaker } from '../scope.ts';

/** Machines that are no longer in cluster.json: their pods move first, then node and machine are cleared. */
export const leave = (
  cluster: Cluster,
  leaving: readonly Node[],
  present: readonly string[],
): Phase<Scope> => {
  const names = namesOf(leaving);
  const oneMaster = speaker(cluster, present);
  return {
    name: 'leave',
    title: 'Take leave of machines',
    docs: 'https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/',
    on: [...oneMaster, ...names],
    needs: [apiServerReady(cluster)],
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
      { title: 'machines', on: names, resources: cleanMachine },
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
