import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { makeFolder, recipeKey, type Source } from './cache.ts';
import { companions } from './companions.ts';
import { dockerArchive } from './image.ts';
import { cachedName, fill, type Group, type LockedFile, programOf, wrappedBy } from './lock.ts';
import { buildPrograms } from './modules.ts';
import { fetchPrograms } from './release-forms.ts';
import { goVersion } from './toolchain.ts';
import { findGroup, type Finished, sourcesOf, type WantedSource, type Workshop } from './workshop.ts';

/** Downloads or compiles a group into the cache. */
export async function makeGroup(
  group: Group,
  source: Source,
  shop: Workshop,
  report: Report,
): Promise<Finished> {
  const key = recipeKey(group, source, shop.modules, shop.arch);
  const name = source === 'modules' ? `${key}-${(await goVersion()) ?? 'go'}` : key;
  const folder = await makeFolder(shop.store, name, group, async (into) => {
    if (source === 'modules' || group.releases === null) {
      await buildPrograms({ group, modules: shop.modules, arch: shop.arch, report }, into);
    } else {
      await fetchPrograms(group, group.releases, shop.arch, into, { ...shop, report });
    }
    for (const file of group.files) await finishFile(file, group, into, shop.arch);
  });
  return { group, source, folder };
}

/** Images of programs that lie in the cache already. */
export async function wrapGroup(group: Group, shop: Workshop, wanted: WantedSource): Promise<Finished> {
  const inner = findGroup(wrappedBy(group.wraps ?? '', shop.lock), sourcesOf(group, wanted), shop);
  if (inner === undefined) throw new ArtefactError(`the cache does not hold what ${group.name} wraps`);
  const key = recipeKey(group, inner.source, shop.modules, shop.arch);
  const folder = await makeFolder(shop.store, key, group, async (into) => {
    for (const file of group.files) {
      await copyFile(join(inner.folder, programOf(file)), join(into, programOf(file)));
      await finishFile(file, group, into, shop.arch);
    }
  });
  return { group, source: inner.source, folder };
}

/** A program becomes executable, or the only file of an image. */
async function finishFile(file: LockedFile, group: Group, folder: string, arch: string): Promise<void> {
  const program = join(folder, programOf(file));
  await chmod(program, 0o755);
  if (file.kind !== 'image') return;
  const archive = dockerArchive({
    reference: fill(file.image.reference, { version: group.version }),
    files: [
      { path: file.image.program, content: { file: program }, mode: 0o755 },
      ...(await companions(file.image)),
    ],
    entrypoint: [file.image.program],
    ...(file.image.user === undefined ? {} : { user: file.image.user }),
    architecture: arch,
  });
  await writeFile(join(folder, cachedName(file)), archive);
  await rm(program);
}
