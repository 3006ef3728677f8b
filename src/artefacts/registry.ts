import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile, downloadSmall } from './download.ts';
import { fill, programOf, type Group, type RegistryRecipe } from './lock.ts';
import { indexTypes, layerSum, manifestSum, manifestTypes } from './manifest.ts';
import { progressOf, refuseOther, warnUnpinned, type FetchOptions } from './received.ts';
import { memberOf, unpack } from './unpack.ts';

/** The index of an image: its address and what it is called, "pause:3.10.2". */
export function indexOf(
  group: Group,
  recipe: RegistryRecipe,
): { readonly name: string; readonly url: string; readonly accept: string } {
  const tag = fill(recipe.tag, { version: group.version });
  const name = `${recipe.repository}:${tag}`;
  return { name, url: address(recipe, `manifests/${tag}`), accept: indexTypes };
}

/**
 * Puts the group's programs out of an image's only layer into the folder. The index vouches for the manifest,
 * the manifest for the layer; nothing unverified is read further or unpacked. Throws ArtefactError.
 */
export async function pullPrograms(
  group: Group,
  recipe: RegistryRecipe,
  arch: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  const { name, url, accept } = indexOf(group, recipe);
  const index = await downloadSmall(url, { ...options, accept });
  const pinned = recipe.sha256[name];
  // Not every mirror sends the header; what it sends has to be right.
  const published = index.headers.get('docker-content-digest')?.replace(/^sha256:/, '');
  refuseOther(url, { pinned, published }, sha256(index.bytes));

  const manifest = await pullManifest(recipe, manifestSum(index.bytes, arch, name), options);
  const layer = join(folder, '.layer');
  await pullLayer(recipe, layerSum(manifest, name), layer, progressOf(name, options.report), options);
  const members = await unpack(layer, `the layer of ${name}`);
  for (const file of group.files.map(programOf)) {
    const path = fill(recipe.member, { version: group.version, file });
    await writeFile(join(folder, file), memberOf(members, path, `the layer of ${name}`));
  }
  await rm(layer);
  if (pinned === undefined) warnUnpinned(name, 'the registry', options.report);
}

async function pullManifest(
  recipe: RegistryRecipe,
  published: string,
  options: FetchOptions,
): Promise<Buffer> {
  const url = address(recipe, `manifests/sha256:${published}`);
  const { bytes } = await downloadSmall(url, { ...options, accept: manifestTypes });
  refuseOther(url, { published }, sha256(bytes));
  return bytes;
}

async function pullLayer(
  recipe: RegistryRecipe,
  published: string,
  file: string,
  onProgress: (done: number, total: number) => void,
  options: FetchOptions,
): Promise<void> {
  const url = address(recipe, `blobs/sha256:${published}`);
  refuseOther(url, { published }, await downloadFile(url, file, options, onProgress));
}

function address({ registry, repository }: RegistryRecipe, path: string): string {
  return `${registry}/v2/${repository}/${path}`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
