import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtefactError } from '../errors.ts';
import { publishedSum } from './checksums.ts';
import { downloadFile, downloadSmall, type DownloadOptions } from './download.ts';
import { fill, programOf, type Group, type ReleaseRecipe } from './lock.ts';
import { progressOf, refuseOther, warnUnpinned, type FetchOptions } from './received.ts';
import { memberOf, unpack } from './unpack.ts';

/** One file to fetch, and the programs in it. */
export interface Download {
  readonly url: string;
  /** Base name of the address: what checksum lists and the lock call it. */
  readonly name: string;
  readonly checksums: string;
  /** The download is a .tar.gz with a path per program, or the one program itself (path null). */
  readonly programs: readonly { readonly name: string; readonly path: string | null }[];
}

/** What to fetch for a group: one download per program, or one archive with all of them. */
export function downloadsOf(group: Group, recipe: ReleaseRecipe, arch: string): readonly Download[] {
  const downloads = new Map<string, Download>();
  for (const file of group.files.map(programOf)) {
    const values = { version: group.version, arch, file };
    const url = fill(recipe.url, values);
    const program = { name: file, path: recipe.member === undefined ? null : fill(recipe.member, values) };
    downloads.set(url, {
      url,
      name: url.slice(url.lastIndexOf('/') + 1),
      checksums: fill(recipe.checksums, { ...values, url }),
      programs: [...(downloads.get(url)?.programs ?? []), program],
    });
  }
  return [...downloads.values()];
}

/** Puts the group's programs into the folder. Nothing unverified is unpacked or gets a program's name. */
export async function downloadPrograms(
  group: Group,
  recipe: ReleaseRecipe,
  arch: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  for (const download of downloadsOf(group, recipe, arch)) {
    const file = join(folder, `.${download.name}`);
    const published = await publishedSumOf(download, options);
    const found = await downloadFile(download.url, file, options, progressOf(download.name, options.report));
    const pinned = recipe.sha256[download.name];
    refuseOther(download.url, { pinned, published }, found);
    await placePrograms(download, file, folder);
    // After the digest is known to be right: a warning about a file that is refused anyway helps nobody.
    if (pinned === undefined) warnUnpinned(download.name, 'the sum published beside it', options.report);
  }
}

/** The digest that upstream publishes for a download; what `hardway versions update` writes into the lock. */
export async function publishedSumOf(download: Download, options: DownloadOptions): Promise<string> {
  const { bytes } = await downloadSmall(download.checksums, options);
  const sum = publishedSum(bytes.toString('utf8'), download.name);
  if (sum === undefined) {
    throw new ArtefactError(`${download.checksums} holds no sha256 of ${download.name}`);
  }
  return sum;
}

async function placePrograms(download: Download, file: string, folder: string): Promise<void> {
  const members = download.programs.some(({ path }) => path !== null)
    ? await unpack(file, download.name)
    : null;
  for (const { name, path } of download.programs) {
    if (path === null || members === null) return rename(file, join(folder, name));
    await writeFile(join(folder, name), memberOf(members, path, download.name));
  }
  await rm(file);
}
