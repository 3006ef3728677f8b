import { type Dirent, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Cluster } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import { readDocuments } from './documents.ts';
import type { Own } from './own-object.ts';
import { fillPlaceholders } from './placeholders.ts';
import type { Tools } from './tools.ts';

const MANIFEST = /\.(ya?ml|json)$/;
const KUSTOMIZATION = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Every manifest below addons/, by name; a folder with a kustomization is one source. Nothing there: nothing. */
export async function readFolder(cluster: Cluster, folder: string, tools: Tools): Promise<Own[]> {
  const top = join(folder, 'addons');
  return existsSync(top) ? readEntries(top) : [];

  async function readEntries(directory: string): Promise<Own[]> {
    const entries = await readdir(directory, { withFileTypes: true });
    if (entries.some(({ name }) => KUSTOMIZATION.includes(name)))
      return [await reading(directory, () => tools.kustomize(directory))];
    const visible = entries
      .filter(({ name }) => !name.startsWith('.'))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    return (await Promise.all(visible.map((entry) => readEntry(directory, entry)))).flat();
  }

  async function readEntry(directory: string, entry: Dirent): Promise<Own[]> {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return readEntries(path);
    return MANIFEST.test(entry.name) ? [await reading(path, () => readFile(path, 'utf8'))] : [];
  }

  async function reading(path: string, text: () => Promise<string>): Promise<Own> {
    const source = relative(folder, path);
    try {
      return readDocuments(source, fillPlaceholders(await text(), cluster));
    } catch (error) {
      const problem =
        error instanceof HardwayError
          ? error
          : new HardwayError('ADDON', `${source}: cannot be read`, { evidence: [String(error)] });
      return { objects: [], refused: [{ source, error: problem }] };
    }
  }
}
