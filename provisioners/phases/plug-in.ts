import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import { builtInObjects, ownObjects } from '../addons/objects.ts';
import { pluginOf } from '../addons/built-in.ts';
import { apiServerReady, authorityPublished, nodesHaveSubnets } from '../conditions.ts';
import { established } from '../rollouts.ts';
import { isGround } from '../own/order.ts';
import { namesOf, nodesOf, type Scope, speaker } from '../scope.ts';
import { afterRecording, isContent, kindsAmong, trialled } from './addons.ts';

/**
 * A network plug-in that runs in pods: applied as soon as there are nodes, for they become Ready by it. With
 * network.cni none it is among what the user put into addons/, so that all of it comes here.
 */
export function plugIn(cluster: Cluster, there: readonly string[]): Phase<Scope> {
  const present = namesOf(nodesOf(cluster)).filter((name) => there.includes(name));
  const isBuiltIn = pluginOf(cluster).length > 0;
  const objects = (scope: Scope) =>
    isBuiltIn
      ? pluginOf(cluster).flatMap(([name, addon]) => builtInObjects(name, addon, scope))
      : ownObjects(scope.own.objects);
  return {
    name: 'plug-in',
    title: 'Start the network plug-in',
    docs: 'https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/network-plugins/',
    on: speaker(cluster, there),
    needs: [apiServerReady(cluster), authorityPublished(cluster), nodesHaveSubnets(cluster, present)],
    stages: afterRecording([
      {
        title: 'namespaces and kinds',
        resources: (scope) => trialled(objects(scope).filter(({ manifest: one }) => isGround(one))),
        settle: (changed) => established(cluster, kindsAmong(changed)),
      },
      {
        title: 'plug-in',
        resources: (scope) => trialled(objects(scope).filter(isContent)),
        settle: pluginOf(cluster).flatMap(([, addon]) => addon.health(cluster)),
      },
    ]),
  };
}
