import { dirname, join } from 'node:path';
import { defaultCache, finishedFolder, recipeKey, type Source } from './cache.ts';
import type { DownloadOptions } from './download.ts';
import { defaultLockFile, readLock } from './lock.ts';
import type { Group, Lock } from './lock.ts';

/** Where artefacts are looked for and made; everything has a default. */
export interface Places {
  readonly lockFile?: string;
  /** Replaces $HARDWAY_CACHE. */
  readonly cache?: string;
  readonly mirrors?: DownloadOptions['mirrors'];
  /** How long a transfer may stand still. Default 30. */
  readonly stallSeconds?: number;
  /** Below this a transfer is given up. Default: 50 KB/s for 20 s. */
  readonly slow?: DownloadOptions['slow'];
  /** How long releases may take to answer before Go modules are used instead. Default 5. */
  readonly probeSeconds?: number;
}

export interface Workshop extends DownloadOptions {
  readonly lock: Lock;
  /** Folder with the Go modules, beside the lock. */
  readonly modules: string;
  /** Folder that holds one folder per finished group. */
  readonly store: string;
  readonly arch: string;
  readonly probeSeconds: number;
}

export function openWorkshop(places: Places): Workshop {
  const lockFile = places.lockFile ?? defaultLockFile();
  return {
    lock: readLock(lockFile),
    modules: join(dirname(lockFile), 'modules'),
    store: join(places.cache ?? defaultCache(), 'artefacts'),
    arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
    mirrors: places.mirrors ?? {},
    stallSeconds: places.stallSeconds ?? 30,
    slow: places.slow ?? { bytesPerSecond: 50_000, seconds: 20 },
    probeSeconds: places.probeSeconds ?? 5,
  };
}

/** A group that lies finished in the cache. */
export interface Finished {
  readonly group: Group;
  readonly source: Source;
  readonly folder: string;
}

/** 'auto' takes releases where they can be reached and Go modules otherwise. */
export type WantedSource = 'auto' | Source;

/** Where a group may come from, the preferred one first. */
export function sourcesOf(group: Group, source: WantedSource): readonly Source[] {
  if (group.releases === null) return ['modules'];
  return source === 'auto' ? ['releases', 'modules'] : [source];
}

/** The first of the sources from which the group is in the cache. */
export function findGroup(group: Group, sources: readonly Source[], shop: Workshop): Finished | undefined {
  for (const source of sources) {
    const folder = finishedFolder(shop.store, recipeKey(group, source, shop.modules, shop.arch));
    if (folder !== undefined) return { group, source, folder };
  }
  return undefined;
}
