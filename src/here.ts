/** What can go wrong with files on this computer, in words. */
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { StateError } from './errors.ts';

/** A failure to write as an error that names path, cause and bytes; whatever else it is, unchanged. */
export function writeError(error: unknown, path: string, needed?: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return noSpace(path, needed, freeFor(path));
  const causes: Record<string, string> = {
    EROFS: 'its file system is mounted read-only',
    EACCES: 'permission denied',
    EPERM: 'not permitted; is it immutable (lsattr) or somebody else’s?',
  };
  const cause = causes[code ?? ''];
  return cause === undefined ? error : new StateError(`cannot write ${path}: ${cause}`);
}

/** Throws StateError when a file of this size has no room at its path. */
export function refuseWithoutRoomFor(path: string, bytes: number): void {
  const free = freeFor(path);
  if (bytes > free) throw noSpace(path, bytes, free);
}

function freeFor(path: string): number {
  const folder = dirname(path);
  if (!existsSync(folder) && folder !== path) return freeFor(folder);
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function noSpace(path: string, needed: number | undefined, free: number): StateError {
  const bytes = needed === undefined ? '' : `${needed} bytes needed, `;
  return new StateError(`no space left for ${path}: ${bytes}${free} free on this computer`, {
    remedy: 'Make room there and run again; nothing half-written was kept.',
  });
}
