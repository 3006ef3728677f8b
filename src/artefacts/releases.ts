import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { publishedSum } from './checksums.ts';
import { downloadFile, downloadText, type DownloadOptions } from './download.ts';
import { fill, programOf, type Group, type ReleaseRecipe } from './lock.ts';
import { untar } from './tar.ts';

/** One file to fetch, and the programs in it. */
export interface Download {
  readonly url: string;
  /** Base name of the address: what checksum lists and the lock call it. */
  readonly name: string;
  readonly checksums: string;
  /** The download is a .tar.gz with a path per program, or the one program itself (path null). */
  readonly programs: readonly { readonly name: string; readonly path: string | null }[];
}

type Options = DownloadOptions & { readonly report: Report };

const unpackedLimit = 1 << 30;

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
  options: Options,
): Promise<void> {
  for (const download of downloadsOf(group, recipe, arch)) {
    const file = join(folder, `.${download.name}`);
    const published = await publishedSumOf(download, options);
    const found = await downloadFile(download.url, file, options, progressOf(download.name, options.report));
    refuseOther(download, published, recipe.sha256[download.name], found);
    await placePrograms(download, file, folder);
    // After the digest is known to be right: a warning about a file that is refused anyway helps nobody.
    if (recipe.sha256[download.name] === undefined) warnUnpinned(download, options.report);
  }
}

/** The digest that upstream publishes for a download; what `hardway versions update` writes into the lock. */
export async function publishedSumOf(download: Download, options: DownloadOptions): Promise<string> {
  const sum = publishedSum(await downloadText(download.checksums, options), download.name);
  if (sum === undefined) {
    throw new ArtefactError(`${download.checksums} holds no sha256 of ${download.name}`);
  }
  return sum;
}

function refuseOther(download: Download, published: string, pinned: string | undefined, found: string): void {
  if (found === published && found === (pinned ?? published)) return;
  throw new ArtefactError(`${download.url} is not the expected file`, {
    evidence: [
      ...(pinned === undefined ? [] : [`pinned    sha256 ${pinned}`]),
      `published sha256 ${published}`,
      `received  sha256 ${found}`,
    ],
    remedy: 'Nothing was kept. Run again; if it stays like this, do not use what is served there.',
  });
}

async function placePrograms(download: Download, file: string, folder: string): Promise<void> {
  const members = download.programs.some(({ path }) => path !== null)
    ? await unpack(file, download.name)
    : null;
  for (const { name, path } of download.programs) {
    if (path === null || members === null) return rename(file, join(folder, name));
    const content = members.get(path)?.content;
    if (!content) {
      throw new ArtefactError(`${download.name} holds no ${path}`, { evidence: [...members.keys()] });
    }
    await writeFile(join(folder, name), content);
  }
  await rm(file);
}

async function unpack(file: string, name: string): Promise<ReturnType<typeof untar>> {
  try {
    return untar(await promisify(gunzip)(await readFile(file), { maxOutputLength: unpackedLimit }));
  } catch (error) {
    throw new ArtefactError(`${name} cannot be unpacked`, { evidence: [String(error)] });
  }
}

function warnUnpinned(download: Download, report: Report): void {
  const text = `${download.name} has no sha256 in boxes/artefacts.json yet: only the sum published beside it vouches for it`;
  report({ type: 'warning', text });
}

function progressOf(name: string, report: Report): (done: number, total: number) => void {
  let last = 0;
  return (done, total) => {
    if (done !== total && Date.now() - last < 200) return;
    last = Date.now();
    report({ type: 'progress', task: `download ${name}`, done, total, unit: 'bytes' });
  };
}
