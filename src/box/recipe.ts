import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Cluster } from '../cluster/model.ts';
import { packageRoot } from '../package-root.ts';

/** boxes/<name>.json, described field by field in schemas/box.schema.json. */
export interface Recipe {
  readonly name: string;
  readonly suite: string;
  readonly variant: string;
  readonly packages: readonly string[];
  readonly user: { readonly name: string; readonly key: string };
  readonly folders?: readonly string[];
  readonly files: readonly RecipeFile[];
  readonly units: { readonly enable: readonly string[]; readonly mask: readonly string[] };
  readonly hide?: readonly string[];
  readonly remove?: readonly string[];
  readonly lxc: readonly string[];
}

export interface RecipeFile {
  readonly path: string;
  /** Octal; default 0644. */
  readonly mode?: string;
  readonly content: readonly string[];
}

export function readRecipe(name = 'debian-12'): Recipe {
  return JSON.parse(readFileSync(new URL(`boxes/${name}.json`, packageRoot), 'utf8')) as Recipe;
}

/** With the packages that this cluster wants besides. */
export function recipeFor({ host }: Pick<Cluster, 'host'>): Recipe {
  const recipe = readRecipe();
  return host.nfsClient ? { ...recipe, packages: [...recipe.packages, 'nfs-common'] } : recipe;
}

/** Counts the changes of the builder itself that make other boxes. */
const builder = 2;

/** Whatever decides the bytes of the bare root; the container's configuration does not. */
export function rootKey(recipe: Recipe): string {
  return digest([builder, { ...recipe, lxc: undefined }, process.arch]);
}

/** Twenty hex digits over anything that has a JSON form. */
export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}
