import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import { etcdHasQuorum } from '../conditions.ts';
import { etcdUsers } from '../resources/etcd-access.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';

/** Where flannel does not do it with its plan: the API server sees its own keys, other certificates none. */
export const etcdUsersPhase = (cluster: Cluster): Phase<Scope> => ({
  name: 'etcd-users',
  title: 'Limit what clients of the database see',
  docs: 'https://etcd.io/docs/v3.6/op-guide/authentication/rbac/',
  on: namesOf(byRole(cluster, 'etcd')).slice(0, 1),
  needs: [etcdHasQuorum(cluster)],
  stages: [{ title: 'users', resources: () => [etcdUsers()] }],
});
