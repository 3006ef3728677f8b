import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeError } from '../here.ts';
import { cachedName, type Group } from './lock.ts';
import { sha256OfFile, writeRecord } from './record.ts';

export type Source = 'releases' | 'modules';

const day = 24 * 60 * 60 * 1000;

/** Shared by all clusters of a user; holds nothing that could not be made again. */
export function defaultCache(env: NodeJS.ProcessEnv = process.env): string {
  if (env.HARDWAY_CACHE) return env.HARDWAY_CACHE;
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hardway');
}

/**
 * Folder name of a group: everything that decides its bytes except the compiler goes into the digest.
 * The Go version is a suffix, so that what was compiled once is found again without asking for a Go tool
 * chain, and an upgrade of Go does not change the files of a cluster behind the user's back.
 */
export function recipeKey(group: Group, source: Source, modules: string, arch: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([group.name, group.version, group.files, source, group[source], arch]));
  if (source === 'modules') {
    for (const [name, content] of filesBelow(join(modules, group.modules.folder))) {
      hash.update(`\0${name}\0`).update(content);
    }
  }
  return `${group.name}-${group.version}-${source}-${hash.digest('hex').slice(0, 20)}`;
}

function filesBelow(folder: string): readonly (readonly [string, Buffer])[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name))]);
}

/** The finished folder of a recipe: the key itself or the key with the newest compiler's suffix. */
export function finishedFolder(store: string, key: string): string | undefined {
  if (!existsSync(store)) return undefined;
  const [newest] = readdirSync(store)
    .filter((name) => name === key || name.startsWith(`${key}-`))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  return newest === undefined ? undefined : join(store, newest);
}

/**
 * Lets `make` fill a new folder and gives it its final name in one step; when another process was quicker,
 * its folder is used. After a failure nothing stays.
 */
export async function makeFolder(
  store: string,
  key: string,
  group: Group,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const temporary = join(store, `.making-${key}-${randomBytes(6).toString('hex')}`);
  const final = join(store, key);
  try {
    mkdirSync(store, { recursive: true });
    removeLeftovers(store);
    mkdirSync(temporary);
    await make(temporary);
    for (const file of group.files.map((locked) => join(temporary, cachedName(locked)))) {
      flush(file);
      writeRecord(file, await sha256OfFile(file));
    }
    flush(temporary);
    giveName(temporary, final);
    flush(store);
    return final;
  } catch (error) {
    throw writeError(error, final);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function giveName(temporary: string, final: string): void {
  try {
    renameSync(temporary, final);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}

/** What a killed process began more than a day ago will not be finished. */
function removeLeftovers(store: string): void {
  for (const name of readdirSync(store).filter((entry) => entry.startsWith('.making-'))) {
    const folder = join(store, name);
    const begun = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - begun > day) rmSync(folder, { recursive: true, force: true });
  }
}

function flush(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
