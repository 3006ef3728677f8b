import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artefacts } from '../artefacts/artefact.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { addArtefacts } from './artefacts.ts';
import { boxFolder, finishedBox, rootFolder, type Box } from './box.ts';
import { importImages } from './images.ts';
import { inNewFolder } from './new-folder.ts';
import { packBox } from './pack.ts';
import type { Recipe } from './recipe.ts';
import { makeRoot, osVersion, removeFolder } from './root.ts';
import { sudo, tarOptions } from './sudo.ts';

export interface BuildOptions {
  readonly recipe: Recipe;
  readonly form: 'bare' | 'baked';
  /** Baked only: what is put inside. */
  readonly artefacts?: Artefacts;
  readonly provider: 'lxc';
  readonly report: Report;
  /** Builds again although the cache has it; the new box gets a new version. */
  readonly force?: boolean;
}

/** The box, from the cache or made now: about a minute the first time, 15 s for other artefacts. */
export async function buildBox(options: BuildOptions): Promise<Box> {
  const { recipe } = options;
  const artefacts = options.form === 'baked' ? options.artefacts : undefined;
  const found = options.force ? undefined : finishedBox(recipe, artefacts);
  if (found) return found;
  if (options.force) await removeFolder(rootFolder(recipe));
  const archive = await bareRoot(recipe, options.report);
  return inNewFolder(boxFolder(recipe, artefacts), async (folder, final) => {
    const root = join(folder, 'rootfs');
    await unpack(archive, root);
    if (artefacts) {
      await addArtefacts(artefacts, root, options.report);
      await importImages(artefacts, root, options.report);
    }
    const version = await readFile(join(rootFolder(recipe), 'version'), 'utf8');
    const box = await packBox({ recipe, version, root, folder, final, artefacts, report: options.report });
    await writeFile(join(folder, 'box.json'), JSON.stringify(box, null, 2));
    return box;
  });
}

/** Archive of the recipe's root file system: the base of every form. */
async function bareRoot(recipe: Recipe, report: Report): Promise<string> {
  const final = rootFolder(recipe);
  if (!existsSync(final)) {
    await inNewFolder(final, async (folder) => {
      const root = join(folder, 'rootfs');
      await makeRoot(recipe, root, report);
      await writeFile(join(folder, 'version'), await osVersion(root));
      await $`${sudo} tar ${tarOptions} -C ${root} -cf - . > ${join(folder, 'root.tar')}`;
    });
  }
  return join(final, 'root.tar');
}

async function unpack(archive: string, root: string): Promise<void> {
  await mkdir(root);
  await $`${sudo} tar ${tarOptions} -C ${root} -xpf ${archive}`;
}
