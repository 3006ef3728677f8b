import type { Cluster } from '../../src/cluster/model.ts';
import type { Condition, Phase } from '../../src/engine/phase.ts';
import { coredns } from '../addons/coredns/coredns.ts';
import { apiServerReady, nodesReady, rolledOut } from '../conditions.ts';
import { manifest } from '../resources/manifest.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';

/** What runs inside the cluster; held back until its nodes are Ready. */
export const addons = (cluster: Cluster, there: readonly string[]): Phase<Scope> => ({
  name: 'addons',
  title: 'Apply the add-ons',
  docs: 'https://kubernetes.io/docs/concepts/cluster-administration/addons/',
  on: namesOf(byRole(cluster, 'master')).slice(0, 1),
  needs: [
    apiServerReady(cluster),
    nodesReady(
      cluster,
      namesOf(cluster.nodes).filter((name) => there.includes(name)),
    ),
  ],
  stages: cluster.addons.map((name) => ({
    title: name,
    resources: (scope: Scope) => builtIn(name, scope),
    settle: health(cluster, name),
  })),
});

function builtIn(name: string, { cluster, artefacts }: Scope) {
  return name === 'coredns' ? coredns(cluster, artefacts).map((object) => manifest(object)) : [];
}

const health = (cluster: Cluster, name: string): Condition[] =>
  name === 'coredns' ? [rolledOut(cluster, 'kube-system', 'coredns')] : [];
