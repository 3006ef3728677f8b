import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ArtefactError } from '../errors.ts';

/** boxes/artefacts.json: what is installed and where it comes from, as data. */
export interface Lock {
  readonly groups: readonly Group[];
}

/** Files of one upstream project: provided together, cached together. */
export interface Group {
  readonly name: string;
  /** For people. */
  readonly about?: string;
  /** Without a leading v. */
  readonly version: string;
  /** Who alone needs it: add-ons, "charts", "static-pods" …; absent: every cluster needs it. */
  readonly for?: string | readonly string[];
  readonly files: readonly LockedFile[];
  /** A group whose programs its images hold: it says no version and no recipes of its own, and has those of that group. */
  readonly wraps?: string;
  /** null: upstream publishes nothing to download, so Go modules are always used. */
  readonly releases: ReleaseRecipe | RegistryRecipe | null;
  readonly modules: GoRecipe | CRecipe;
}

export type LockedFile =
  | { readonly name: string; readonly kind: 'binary' | 'cni' | 'tool' }
  | { readonly name: string; readonly kind: 'image'; readonly image: ImageRecipe };

/** An image of one static program. */
export interface ImageRecipe {
  readonly reference: string;
  /** Path inside the image; its base name is the program that the recipe yields. */
  readonly program: string;
  /** Numeric "user:group"; default root. */
  readonly user?: string;
  /** Programs that it calls: this computer's own, each with the libraries that it loads. */
  readonly with?: readonly string[];
  /** Further names of such a program, which does what its name says; links beside it. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** Templates know {version}, {arch}, {file} (a program's name); `checksums` also {url}. */
export interface ReleaseRecipe {
  readonly url: string;
  /** Path of a program inside the .tar.gz; absent: the download is the program itself. */
  readonly member?: string;
  readonly checksums: string;
  /** Pinned digests by file name of the download, lower-case hex. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** Programs that upstream publishes only inside an image. Templates know {version}, {file}. */
export interface RegistryRecipe {
  /** https://registry.k8s.io: no slash at the end, no login. */
  readonly registry: string;
  /** May differ by {file}: then every program has an image of its own. */
  readonly repository: string;
  readonly tag: string;
  /** Path of a program in its layer. */
  readonly member: string;
  /** Pinned digests of the image's index by "repository:tag", lower-case hex. */
  readonly sha256: Readonly<Record<string, string>>;
}

export interface GoRecipe extends Needing {
  /** Below boxes/modules; its go.sum pins every byte. */
  readonly folder: string;
  /** Go package by program. */
  readonly packages: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly ldflags: readonly string[];
  readonly cgo: boolean;
}

/** One C file that lies inside a Go module. */
export interface CRecipe extends Needing {
  readonly folder: string;
  readonly module: string;
  readonly source: string;
  readonly output: string;
  readonly cflags: readonly string[];
}

interface Needing {
  /** What a C compilation needs beside Go. */
  readonly needs?: {
    readonly commands: readonly string[];
    /** pkg-config names. */
    readonly libraries: readonly string[];
    /** Debian packages that bring both. */
    readonly debian: readonly string[];
  };
}

/** The lock that ships with Hardway. */
export function defaultLockFile(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'boxes', 'artefacts.json');
    if (existsSync(file)) return file;
    if (folder === dirname(folder))
      throw new ArtefactError('boxes/artefacts.json is missing from this installation');
  }
}

export function readLock(file: string): Lock {
  try {
    const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock;
    return { ...lock, groups: lock.groups.map((group) => withRecipes(group, lock)) };
  } catch (error) {
    throw new ArtefactError(`the artefact lock ${file} cannot be read`, { evidence: [String(error)] });
  }
}

function withRecipes(group: Group, lock: Lock): Group {
  if (group.wraps === undefined) return group;
  const { version, releases, modules } = wrappedBy(group.wraps, lock);
  return { ...group, version, releases, modules };
}

/** The group of that name. */
export function wrappedBy(name: string, { groups }: Lock): Group {
  const group = groups.find((one) => one.name === name);
  if (group === undefined) throw new ArtefactError(`the artefact lock has no group ${name}`);
  return group;
}

/** What is wanted of the lock: what every cluster needs and what these (see optional.ts) need, or else these artefacts. */
export interface Wanted {
  readonly addons?: readonly string[];
  readonly names?: readonly string[];
}

/** The groups that yield what is wanted, in the order of the lock. */
export function groupsOf(lock: Lock, { addons = [], names }: Wanted = {}): readonly Group[] {
  if (names === undefined)
    return lock.groups.filter(
      (group) => group.for === undefined || [group.for].flat().some((one) => addons.includes(one)),
    );
  const known = lock.groups.flatMap((group) => group.files.map((file) => file.name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new ArtefactError(`the artefact lock knows no ${unknown.join(', ')}`, {
      evidence: [`known: ${known.join(', ')}`],
    });
  }
  return lock.groups.filter((group) => group.files.some((file) => names.includes(file.name)));
}

/** Replaces {placeholders}; an unknown one is a mistake in the lock. */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => {
    const value = values[key];
    if (value === undefined) throw new ArtefactError(`the artefact lock uses ${whole}, which nothing fills`);
    return value;
  });
}

/** The program behind a locked file: itself, or what the image wraps. */
export function programOf(file: LockedFile): string {
  return file.kind === 'image'
    ? file.image.program.slice(file.image.program.lastIndexOf('/') + 1)
    : file.name;
}

/** The file's name in the cache: kubelet, coredns.tar. */
export function cachedName(file: LockedFile): string {
  return file.kind === 'image' ? `${file.name.replace(/^image:/, '')}.tar` : file.name;
}
