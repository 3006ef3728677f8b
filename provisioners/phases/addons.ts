import { createHash } from 'node:crypto';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Addon } from '../addons/addon.ts';
import { builtIn } from '../addons/built-in.ts';
import { apiServerReady, authorityPublished, nodesReady } from '../conditions.ts';
import type { ClusterPki } from '../pki.ts';
import { type Manifest, manifest } from '../resources/manifest.ts';
import { noManifest } from '../resources/no-manifest.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';

/** What runs inside the cluster; held back until its nodes are Ready. */
export const addons = (cluster: Cluster, there: readonly string[]): Phase<Scope> => ({
  name: 'addons',
  title: 'Apply the add-ons',
  docs: 'https://kubernetes.io/docs/concepts/cluster-administration/addons/',
  on: namesOf(byRole(cluster, 'master')).slice(0, 1),
  needs: [
    apiServerReady(cluster),
    authorityPublished(cluster),
    nodesReady(
      cluster,
      namesOf(cluster.nodes).filter((name) => there.includes(name)),
    ),
  ],
  stages: Object.entries(builtIn).map(([name, addon]) =>
    cluster.addons[name] !== undefined
      ? {
          title: name,
          resources: (scope) => objectsOf(addon, scope).map((object) => manifest(object)),
          settle: addon.health(cluster),
        }
      : {
          title: `no ${name}`,
          resources: (scope) => objectsOf(addon, scope).map((object) => noManifest(object)),
        },
  ),
});

const objectsOf = (addon: Addon, scope: Scope): Manifest[] =>
  addon.objects(scope).map((object) => following(object, scope.pki));

/** Programs read whom to trust when they start: pods are replaced when that changes. */
function following(object: Manifest, pki: ClusterPki): Manifest {
  const spec = object['spec'] as { template?: Pick<Manifest, 'metadata'> } | undefined;
  if (spec?.template === undefined) return object;
  const trust = createHash('sha256').update(pki.authority('ca').trustPem).digest('hex').slice(0, 16);
  const { metadata } = spec.template;
  const annotations = { ...metadata.annotations, 'hardway.dev/trust': trust };
  return {
    ...object,
    spec: { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } },
  };
}
