import { readFolder } from '../own/folder.ts';
import type { Own } from '../own/own-object.ts';
import { tools } from '../own/tools.ts';
import { knownArtefacts } from '../known-artefacts.ts';
import type { AddonSummary } from '../../src/cli/product.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { builtIn } from './built-in.ts';

/** Everything that may run in the cluster, on or off; what lies in addons/ is always on. */
export async function summary(cluster: Cluster, folder: string): Promise<AddonSummary[]> {
  const own = await readFolder(cluster, folder, tools(knownArtefacts(cluster)));
  return [
    ...Object.entries(builtIn).map(([name, { describe }]) => ({
      ...{ name, kind: 'built-in' as const, on: cluster.addons[name] !== undefined, describe },
    })),
    ...Object.entries(cluster.charts).map(([name, { chart }]) => ({
      ...{ name, kind: 'chart' as const, on: true, describe: `the chart ${chart}` },
    })),
    ...bySource(own),
  ];
}

function bySource(own: readonly Own[]): AddonSummary[] {
  const sources = new Map<string, string>();
  for (const { objects, refused } of own) {
    for (const { source } of objects) {
      const number = objects.filter((one) => one.source === source).length;
      sources.set(source, `${number} object${number === 1 ? '' : 's'}`);
    }
    for (const { source, error } of refused) sources.set(source, `cannot be used: ${error.message}`);
  }
  return [...sources].map(([name, describe]) => ({ name, kind: 'file', on: true, describe }));
}
