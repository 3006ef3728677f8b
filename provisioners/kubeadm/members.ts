import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase, Stage } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { etcdHasQuorum } from '../conditions.ts';
import type { Joining, Membership } from '../etcd-members.ts';
import { KEPT } from '../etcd-kept.ts';
import { noMember } from '../resources/etcd-member.ts';
import { pathOf } from '../resources/static-pod.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';
import { LIMIT, setAside } from './etcd-pod.ts';
import { joinOf } from './joining.ts';

/** Whose place in the database is lost: without data, or with some that the others went on without. */
export const fallen = ({ joining }: Pick<Membership, 'joining'>): Joining[] =>
  joining.filter(({ lost, stale }) => lost !== null || stale);

/** kubeadm takes a machine into its database only as a new member: those that have fallen make room for that. */
export const membersPhase = (cluster: Cluster, membership: Membership): Phase<Scope>[] =>
  fallen(membership).length === 0
    ? []
    : [
        {
          name: 'members',
          title: 'Take fallen members out of the database',
          docs: 'https://etcd.io/docs/v3.6/op-guide/runtime-configuration/',
          on: namesOf(byRole(cluster, 'master')),
          needs: [etcdHasQuorum(cluster, membership)],
          stages: fallen(membership).flatMap((one) => madeRoom(one, membership)),
        },
      ];

function madeRoom({ name, address, lost }: Joining, { speaker, size }: Membership): Stage<Scope>[] {
  const gone = { id: lost ?? '', name, address, learner: false };
  return [
    { title: `${name} makes room`, on: [name], resources: () => [noControlPlane(name)] },
    ...(lost === null
      ? []
      : [
          {
            title: `${name} is forgotten`,
            on: [speaker],
            resources: () => [forgotten(noMember(gone, size))],
          },
        ]),
  ];
}

/** What its join had made; so the join is asked after once more in the same pass. */
const noControlPlane = (name: string): Resource => ({
  id: joinOf(name),
  desired: null,
  question: command(
    sh`{ [ -e ${pathOf('etcd')} ] || [ -d /var/lib/etcd/member ]; } && echo there; true`,
    (output) => (output === '' ? null : { there: true }),
  ),
  steps: () => [{ run: setAside, limit: LIMIT }],
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
