import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtefactError } from '../errors.ts';
import { downloadFile, downloadSmall } from './download.ts';
import { fill, programOf, type Group, type RegistryRecipe } from './lock.ts';
import { indexTypes, layerSums, manifestSum, manifestTypes } from './manifest.ts';
import { progressOf, refuseOther, warnUnpinned, type FetchOptions } from './received.ts';
import { unpack } from './unpack.ts';

/** One image of a group, and the programs that are taken out of it. */
export interface SourceImage {
  readonly repository: string;
  /** Of its index: address, and what it is called, "pause:3.10.2". */
  readonly name: string;
  readonly url: string;
  readonly accept: string;
  readonly programs: readonly string[];
}

export function imagesOf(group: Group, recipe: RegistryRecipe): readonly SourceImage[] {
  const tag = fill(recipe.tag, { version: group.version });
  const images = new Map<string, SourceImage>();
  for (const file of group.files.map(programOf)) {
    const repository = fill(recipe.repository, { file });
    const url = address(recipe, repository, `manifests/${tag}`);
    const programs = [...(images.get(repository)?.programs ?? []), file];
    images.set(repository, { repository, name: `${repository}:${tag}`, url, accept: indexTypes, programs });
  }
  return [...images.values()];
}

/**
 * Puts the group's programs out of their images' layers into the folder. The index vouches for the manifest,
 * the manifest for the layer; nothing unverified is read further or unpacked. Throws ArtefactError.
 */
export async function pullPrograms(
  group: Group,
  recipe: RegistryRecipe,
  arch: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  for (const image of imagesOf(group, recipe)) {
    const member = (file: string): string => fill(recipe.member, { version: group.version, file });
    await pullImage(image, recipe, arch, member, folder, options);
  }
}

async function pullImage(
  image: SourceImage,
  recipe: RegistryRecipe,
  arch: string,
  member: (program: string) => string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  const { repository, name, url, accept } = image;
  const index = await downloadSmall(url, { ...options, accept });
  const pinned = recipe.sha256[name];
  // Not every mirror sends the header; what it sends has to be right.
  const published = index.headers.get('docker-content-digest')?.replace(/^sha256:/, '');
  refuseOther(url, { pinned, published }, sha256(index.bytes));

  const blobs = address(recipe, repository, '');
  const manifest = await pullManifest(blobs, manifestSum(index.bytes, arch, name), options);
  const missing = new Set(image.programs);
  const layer = join(folder, '.layer');
  // A later layer hides an earlier one, and programs are what is added last.
  for (const sum of layerSums(manifest, name).reverse()) {
    if (missing.size === 0) break;
    await pullLayer(blobs, sum, layer, progressOf(name, options.report), options);
    const members = await unpack(layer, `a layer of ${name}`);
    for (const program of missing) {
      const content = members.get(member(program))?.content;
      if (!content) continue;
      await writeFile(join(folder, program), content);
      missing.delete(program);
    }
    await rm(layer);
  }
  if (missing.size > 0)
    throw new ArtefactError(`no layer of ${name} holds ${[...missing].map(member).join(', ')}`);
  if (pinned === undefined) warnUnpinned(name, 'the registry', options.report);
}

async function pullManifest(base: string, published: string, options: FetchOptions): Promise<Buffer> {
  const url = `${base}manifests/sha256:${published}`;
  const { bytes } = await downloadSmall(url, { ...options, accept: manifestTypes });
  refuseOther(url, { published }, sha256(bytes));
  return bytes;
}

async function pullLayer(
  base: string,
  published: string,
  file: string,
  onProgress: (done: number, total: number) => void,
  options: FetchOptions,
): Promise<void> {
  const url = `${base}blobs/sha256:${published}`;
  refuseOther(url, { published }, await downloadFile(url, file, options, onProgress));
}

function address({ registry }: RegistryRecipe, repository: string, path: string): string {
  return `${registry}/v2/${repository}/${path}`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
