import type { DownloadOptions } from './download.ts';
import type { Group, RegistryRecipe, ReleaseRecipe } from './lock.ts';
import type { FetchOptions } from './received.ts';
import { imagesOf, pullPrograms } from './registry.ts';
import { downloadPrograms, downloadsOf } from './releases.ts';

/** An address that is asked, and for what. */
export interface Address extends Pick<DownloadOptions, 'accept'> {
  readonly url: string;
}

/** Where a group's releases begin: when these answer, the source "releases" is worth a try. */
export function addressesOf(
  group: Group,
  recipe: ReleaseRecipe | RegistryRecipe,
  arch: string,
): readonly Address[] {
  if ('registry' in recipe) return imagesOf(group, recipe);
  return downloadsOf(group, recipe, arch).flatMap(({ url, checksums }) => [{ url }, { url: checksums }]);
}

/** Puts the group's programs into the folder, whichever form its releases have. Throws ArtefactError. */
export function fetchPrograms(
  group: Group,
  recipe: ReleaseRecipe | RegistryRecipe,
  arch: string,
  folder: string,
  options: FetchOptions,
): Promise<void> {
  return 'registry' in recipe
    ? pullPrograms(group, recipe, arch, folder, options)
    : downloadPrograms(group, recipe, arch, folder, options);
}
