import { createHash } from 'node:crypto';
import type { OwnObject } from '../own/own-object.ts';
import type { ClusterPki } from '../pki.ts';
import { MARK } from '../resources/inventory.ts';
import type { Manifest } from '../resources/manifest.ts';
import type { Addon, AddonScope } from './addon.ts';

/** An object of an add-on, with the mark by which it is known to be ours. */
export type AddonObject = OwnObject;

/** What a built-in add-on makes. */
export const builtInObjects = (name: string, addon: Addon, scope: AddonScope): AddonObject[] =>
  addon.objects(scope).map((object) => ({
    source: name,
    place: `the add-on ${name}`,
    manifest: following(marked(object, name), scope.pki),
  }));

/** What the user wants. */
export const ownObjects = (objects: readonly OwnObject[]): AddonObject[] =>
  objects.map((object) => ({ ...object, manifest: marked(object.manifest, object.source) }));

const marked = (object: Manifest, source: string): Manifest => ({
  ...object,
  metadata: { ...object.metadata, labels: { ...object.metadata.labels, [MARK]: labelValue(source) } },
});

/** "addons/shop/web.yaml" as a label may hold it: "shop_web.yaml". */
const labelValue = (source: string): string =>
  source
    .replace(/^addons\//, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(-63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');

/** Programs read whom to trust when they start: pods are replaced when that changes. */
function following(object: Manifest, pki: ClusterPki): Manifest {
  const spec = object['spec'] as { template?: Pick<Manifest, 'metadata'> } | undefined;
  if (spec?.template?.metadata === undefined) return object;
  const trust = createHash('sha256').update(pki.authority('ca').trustPem).digest('hex').slice(0, 16);
  const { metadata } = spec.template;
  const annotations = { ...metadata.annotations, 'hardway.dev/trust': trust };
  return {
    ...object,
    spec: { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } },
  };
}
