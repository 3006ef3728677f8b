import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase, Stage } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { etcdHasQuorum } from '../conditions.ts';
import type { Joining, Membership } from '../etcd-members.ts';
import { KEPT } from '../etcd-kept.ts';
import { noMember } from '../resources/etcd-member.ts';
import { PATIENCE } from '../resources/started-with.ts';
import { pathOf } from '../resources/static-pod.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';
import type { Standing } from '../standing.ts';
import { PHASES } from './components.ts';
import { setAside } from './etcd-pod.ts';
import { joinOf } from './joining.ts';

type Known = Pick<Standing, 'membership' | 'fresh'>;

/**
 * Masters whose place in the database is lost, or was never reached: without data, or with some that the others went on
 * without.
 */
export const fallen = ({ membership, fresh }: Known): Joining[] =>
  membership.joining.filter(
    ({ name, lost, stale, empty, initialCluster }) =>
      lost !== null || stale || (empty && initialCluster !== null && !fresh.includes(name)),
  );

/** kubeadm takes a machine into its database only as a new member: those that have fallen make room for that. */
export const membersPhase = (cluster: Cluster, standing: Known): Phase<Scope>[] =>
  fallen(standing).length === 0
    ? []
    : [
        {
          name: 'members',
          title: 'Take fallen members out of the database',
          docs: 'https://etcd.io/docs/v3.6/op-guide/runtime-configuration/',
          on: namesOf(byRole(cluster, 'master')),
          needs: [etcdHasQuorum(cluster, standing.membership)],
          stages: fallen(standing).flatMap((one) => madeRoom(one, standing.membership)),
        },
      ];

function madeRoom({ name, address, lost }: Joining, { speaker, size }: Membership): Stage<Scope>[] {
  return [
    { title: `${name} makes room`, on: [name], resources: () => [noControlPlane(name)] },
    ...(lost === null
      ? []
      : [
          {
            title: `${name} is forgotten`,
            on: [speaker],
            resources: () => [forgotten(noMember({ id: lost, name, address }, size))],
          },
        ]),
  ];
}

/** What its join had made; so the join is asked after once more in the same pass. */
const noControlPlane = (name: string): Resource => ({
  id: joinOf(name),
  desired: null,
  question: command(
    sh`ls -d /var/lib/etcd/member ${Object.keys(PHASES).map(pathOf)} 2>/dev/null | head -n 1`,
    (output) => (output === '' ? null : { there: true }),
  ),
  steps: () => [{ run: setAside, limit: PATIENCE }],
  disturbs: () => [
    `ends the control plane of ${name} until it has joined again`,
    `keeps what it had in ${KEPT}`,
  ],
  why: 'The other members go on without what this one has.',
});

const forgotten = (gone: Resource): Resource => ({
  ...gone,
  why: 'Its data is lost; it comes back as another member.',
});
