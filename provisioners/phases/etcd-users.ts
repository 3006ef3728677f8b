import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import { etcdHasQuorum } from '../conditions.ts';
import { etcdUsers } from '../resources/etcd-access.ts';
import { type Scope, speaker } from '../scope.ts';

/** Where flannel does not do it with its plan: the API server sees its own keys, other certificates none. */
export const etcdUsersPhase = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'etcd-users',
  title: 'Limit what clients of the database see',
  docs: 'https://etcd.io/docs/v3.6/op-guide/authentication/rbac/',
  on: speaker(cluster, present, 'etcd'),
  needs: [etcdHasQuorum(cluster)],
  stages: [{ title: 'users', resources: () => [etcdUsers()] }],
});
