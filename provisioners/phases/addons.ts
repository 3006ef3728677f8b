import type { Cluster } from '../../src/cluster/model.ts';
import type { Condition, Phase, Stage } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { type AddonObject, builtInObjects, ownObjects } from '../addons/objects.ts';
import { addonsOf, pluginOf } from '../addons/built-in.ts';
import { apiServerReady, authorityPublished, nodesConnected } from '../conditions.ts';
import { established, isWorkload, workloadReady } from '../rollouts.ts';
import { isGround } from '../own/order.ts';
import type { Own } from '../own/own-object.ts';
import { entryOf, pruned, recorded } from '../resources/inventory.ts';
import { idOf, manifest } from '../resources/manifest.ts';
import { ownManifest } from '../resources/own-manifest.ts';
import { nodesOf, namesOf, type Scope, speaker } from '../scope.ts';

/**
 * What runs inside the cluster, held back until its nodes are Ready: what cluster.json names, then what the user put
 * into addons/. What is in neither any more is removed at the end.
 */
export const addons = (cluster: Cluster, own: Own, there: readonly string[]): Phase<Scope> => ({
  name: 'addons',
  title: 'Apply the add-ons',
  docs: 'https://kubernetes.io/docs/concepts/cluster-administration/addons/',
  on: speaker(cluster, there),
  needs: [apiServerReady(cluster), authorityPublished(cluster), nodes(cluster, there)],
  stages: afterRecording([
    ...addonsOf(cluster)
      .filter(([, { everyday }]) => everyday)
      .map(([name, addon]) => ({
        title: name,
        resources: (scope: Scope) => builtInObjects(name, addon, scope).map((one) => manifest(one.manifest)),
        settle: addon.health(cluster),
      })),
    {
      title: 'namespaces and kinds',
      resources: (scope) => trialled(everything(scope).filter(({ manifest: one }) => isGround(one))),
      settle: (changed) => established(cluster, kindsAmong(changed)),
    },
    ...addonsOf(cluster)
      .filter(([, { everyday }]) => !everyday)
      .map(([name, addon]) => ({
        title: name,
        resources: (scope: Scope) => trialled(builtInObjects(name, addon, scope).filter(isContent)),
        settle: addon.health(cluster),
      })),
    {
      title: 'addons/ and charts',
      resources: ({ own: { objects } }) => trialled(ownObjects(objects).filter(isContent)),
      settle: (changed) => workloadsAmong(cluster, own, changed),
    },
    { title: 'what is no longer wanted', resources: prune },
  ]),
});

export const isContent = ({ manifest: one }: AddonObject): boolean => !isGround(one);

export const trialled = (objects: readonly AddonObject[]): Resource[] => objects.map(ownManifest);

/** As many as cluster.json says, or all that are there. */
const nodes = (cluster: Cluster, there: readonly string[]): Condition =>
  nodesConnected(
    cluster,
    namesOf(nodesOf(cluster)).filter((name) => there.includes(name)),
    cluster.waitForNodes === 'all' ? undefined : cluster.waitForNodes,
  );

/** Of all add-ons that are on, and of the user's; the network plug-in has been there before. */
const everything = (scope: Scope): AddonObject[] => [
  ...addonsOf(scope.cluster)
    .filter(([, { everyday }]) => !everyday)
    .flatMap(([name, addon]) => builtInObjects(name, addon, scope)),
  ...ownObjects(scope.own.objects),
];

const entries = (scope: Scope) =>
  [
    ...[...pluginOf(scope.cluster), ...addonsOf(scope.cluster)].flatMap(([name, addon]) =>
      builtInObjects(name, addon, scope),
    ),
    ...ownObjects(scope.own.objects),
  ].map(({ manifest: one, source }) => entryOf(one, source));

const prune = (scope: Scope): Resource[] => [
  pruned(
    entries(scope),
    scope.own.refused.map(({ source }) => source),
  ),
];

/** Before anything is made it is written down that it will be. */
export function afterRecording([first, ...others]: readonly Stage<Scope>[]): Stage<Scope>[] {
  if (first === undefined) return [];
  const resources = (scope: Scope): Resource[] => {
    const wanted = entries(scope);
    return [...(wanted.length === 0 ? [] : [recorded(wanted)]), ...first.resources(scope)];
  };
  return [{ ...first, resources }, ...others];
}

/** Names of the CustomResourceDefinitions among what was changed. */
export const kindsAmong = (changed: ReadonlySet<string>): string[] =>
  [...changed]
    .filter((id) => id.startsWith('customresourcedefinition:'))
    .map((id) => id.slice(id.indexOf(':') + 1));

/** Of the user's, those that have pods to wait for. */
const workloadsAmong = (cluster: Cluster, own: Own, changed: ReadonlySet<string>): Condition[] =>
  own.objects
    .filter(({ manifest: one }) => isWorkload(one.kind) && changed.has(idOf(one)))
    .map(({ manifest: { kind, metadata } }) =>
      workloadReady(cluster, kind, metadata.namespace ?? 'default', metadata.name),
    );
