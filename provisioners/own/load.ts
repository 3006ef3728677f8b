import type { Artefacts } from '../../src/artefacts/artefact.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import { namesOnly } from '../influences.ts';
import { idOf } from '../resources/manifest.ts';
import { byRole } from '../scope.ts';
import { everythingWanted, unaskedScope } from '../unasked.ts';
import { readCharts } from './charts.ts';
import { readFolder } from './folder.ts';
import { byOrder } from './order.ts';
import type { Own, OwnObject, Refused } from './own-object.ts';
import { tools } from './tools.ts';

/** Everything that the user wants in the cluster besides the recipe's own; `folder` is where cluster.json lies. */
export async function loadOwn(cluster: Cluster, folder: string, artefacts: Artefacts): Promise<Own> {
  const programs = tools(artefacts);
  const parts = [
    ...(await readFolder(cluster, folder, programs)),
    ...(await readCharts(cluster, folder, programs)),
  ];
  const recipes = idsOf(cluster, artefacts);
  const { objects, refused } = distinct(
    parts.flatMap((part) => part.objects),
    (id) => recipes.has(id),
  );
  return {
    objects: objects.toSorted((one, other) => byOrder(one.manifest, other.manifest)),
    refused: [...parts.flatMap((part) => part.refused), ...refused],
  };
}

/** Nobody else may want the same object: the two would undo each other's work in each run. */
function distinct(all: readonly OwnObject[], isOurs: (id: string) => boolean): Own {
  const taken = new Map<string, OwnObject>();
  const refused: Refused[] = [];
  for (const object of all) {
    const { metadata } = object.manifest;
    const id = idOf({
      ...object.manifest,
      metadata: { ...metadata, namespace: metadata.namespace ?? 'default' },
    });
    const other = taken.get(id);
    if (other !== undefined) refused.push(refusal(object, `stands in ${other.place} too`));
    else if (isOurs(idOf(object.manifest))) refused.push(refusal(object, 'belongs to Hardway itself'));
    else taken.set(id, object);
  }
  return { objects: [...taken.values()], refused };
}

const refusal = ({ source, place, manifest }: OwnObject, why: string): Refused => ({
  source,
  error: new HardwayError('ADDON', `${place}: ${idOf(manifest)} ${why}`, {
    remedy: 'Keep one of them, or give it another name.',
  }),
});

/** What the recipe makes in the API by itself. */
function idsOf(cluster: Cluster, artefacts: Artefacts): ReadonlySet<string> {
  const [master] = byRole(cluster, 'master');
  if (master === undefined) return new Set();
  const scope = unaskedScope(cluster, master.name, namesOnly(cluster), artefacts, []);
  return new Set(everythingWanted(scope).map(({ resource }) => resource.id));
}
