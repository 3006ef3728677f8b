import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { StateError } from '../errors.ts';
import { writeError } from '../here.ts';
import { madeForAMoment } from './momentary.ts';

/** The state directory of one cluster on the operator's machine, `.hardway/`. */
export interface State {
  readonly dir: string;
  /** The path of something in it. */
  path(...parts: string[]): string;
  /** What was open to others when we came, and is closed now. */
  readonly repaired: readonly string[];
}

/**
 * Makes the directory, or closes what in it is open to others: directories 0700, files 0600. Throws StateError when
 * something in it is somebody else's, or cannot be closed.
 */
export function openState(dir: string): State {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const repaired = ON_WINDOWS ? [] : closeToOthers(realpathSync(dir));
    // What is written last tells that this was done.
    if (ON_WINDOWS && !existsSync(join(dir, '.gitignore'))) closeByAccessList(dir);
    hideFromGit(join(dir, '.gitignore'));
    return { dir, repaired, path: (...parts) => join(dir, ...parts) };
  } catch (error) {
    throw writeError(error, join(dir, '.gitignore'));
  }
}

const ON_WINDOWS = process.platform === 'win32';

/** Windows has no modes: what lies in the folder inherits that only this user may have it. */
function closeByAccessList(dir: string): void {
  const grant = `${process.env['USERDOMAIN'] ?? '.'}\\${userInfo().username}:(OI)(CI)F`;
  const closed = spawnSync('icacls', [dir, '/inheritance:r', '/grant:r', grant], { encoding: 'utf8' });
  if (closed.status === 0) return;
  throw new StateError(`${dir} cannot be closed to others`, {
    evidence: `${closed.error?.message ?? closed.stdout + closed.stderr}`.trim().split('\n').slice(-3),
    remedy: 'Keep the folder of cluster.json on an NTFS drive; keys lie in it.',
  });
}

/** Also when a full disk left it empty. */
function hideFromGit(gitignore: string): void {
  const isWhole = existsSync(gitignore) && statSync(gitignore).size > 0;
  if (!isWhole) writeFileSync(gitignore, '*\n', { mode: 0o600 });
}

/** What a killed process left behind is removed; what a living one is making is its own affair. */
function closedEntry(directory: string, name: string): string[] {
  const path = join(directory, name);
  const made = madeForAMoment(name);
  if (made === 'left behind') rmSync(path, { recursive: true, force: true });
  return made === null ? closeToOthers(path) : [];
}

function closeToOthers(path: string): string[] {
  const about = lstatSync(path, { throwIfNoEntry: false }); // another run may have removed it just now
  if (!about || (!about.isDirectory() && !about.isFile())) return [];
  refuseForeign(path, about);
  const open = isOpen(about);
  if (open) close(path, about);
  const below = about.isDirectory() ? readdirSync(path).flatMap((name) => closedEntry(path, name)) : [];
  return open ? [path, ...below] : below;
}

const isOpen = ({ mode }: Stats): boolean => (mode & 0o077) !== 0;

/** Who owns a file can read it and change it, whatever its mode. */
function refuseForeign(path: string, { uid }: Stats): void {
  const mine = process.getuid?.();
  if (mine === undefined || uid === mine) return;
  throw new StateError(`${path} belongs to another user (uid ${uid}; yours is ${mine})`, {
    remedy: `Run as its owner, or take it over: chown -R ${mine} on the .hardway folder.`,
  });
}

/** A file system without permissions takes the mode and forgets it, or refuses it. */
function close(path: string, { mode }: Stats): void {
  try {
    chmodSync(path, mode & 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
  if (!isOpen(lstatSync(path))) return;
  throw new StateError(`${path} cannot be closed to others: its file system keeps no permissions`, {
    remedy: 'Keep the folder of cluster.json on a file system that does (ext4, xfs, btrfs); keys lie in it.',
  });
}
