import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Artefacts } from '../artefacts/artefact.ts';
import { defaultCache } from '../artefacts/cache.ts';
import { installPath } from '../artefacts/install-path.ts';
import { packageRoot } from '../package-root.ts';
import { digest, rootKey, type Recipe } from './recipe.ts';

/** A box that lies finished in the cache. */
export interface Box {
  /** Says what is inside: hardway/debian-12.12-containerd-2.3.7-k8s-1.36.4 */
  readonly name: string;
  /** Changes whenever the content does; three parts and a number, as Vagrant wants it. */
  readonly version: string;
  /** The box itself, complete. */
  readonly file: string;
  /** For `vagrant box add` and box_url: names name, version, file and its digest. */
  readonly catalog: string;
  /** Identifies the root file system on a host. */
  readonly id: string;
}

/** Where finished boxes and bare roots lie. */
export function boxStore(): string {
  return join(defaultCache(), 'boxes');
}

/** Folder of the bare root's archive. */
export function rootFolder(recipe: Recipe): string {
  return join(boxStore(), `root-${rootKey(recipe)}`);
}

/** Counts the ways of putting the same things into a box. */
const filling = 2;

/** Folder of the box with these artefacts inside; without any it is the bare one. */
export function boxFolder(recipe: Recipe, artefacts?: Artefacts): string {
  const content = (artefacts?.all() ?? []).map((one) => [installPath(one), one.sha256]).sort();
  return join(boxStore(), digest([filling, rootKey(recipe), recipe.lxc, template(), content]));
}

/** What makes a machine from the box. */
export function template(): string {
  return readFileSync(new URL('src/box/lxc-template.sh', packageRoot), 'utf8');
}

/** undefined when it has to be built first. Only looks. */
export function finishedBox(recipe: Recipe, artefacts?: Artefacts): Box | undefined {
  const file = join(boxFolder(recipe, artefacts), 'box.json');
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')) as Box;
}
