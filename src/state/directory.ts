import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The state directory of one cluster on the operator's machine, `.hardway/`. */
export interface State {
  readonly dir: string;
  /** The path of something in it. */
  path(...parts: string[]): string;
  /** What was open to others when we came, and is closed now. */
  readonly repaired: readonly string[];
}

/** Makes the directory, or closes what in it is open to others: directories 0700, files 0600. */
export function openState(dir: string): State {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const repaired = closeToOthers(dir);
  const gitignore = join(dir, '.gitignore');
  if (!existsSync(gitignore)) writeFileSync(gitignore, '*\n', { mode: 0o600 });
  return { dir, repaired, path: (...parts) => join(dir, ...parts) };
}

function closeToOthers(path: string): string[] {
  const about = lstatSync(path, { throwIfNoEntry: false }); // another run may have removed it just now
  if (!about || (!about.isDirectory() && !about.isFile())) return [];
  const open = (about.mode & 0o077) !== 0;
  if (open) chmodSync(path, about.mode & 0o700);
  const below = about.isDirectory()
    ? readdirSync(path).flatMap((name) => closeToOthers(join(path, name)))
    : [];
  return open ? [path, ...below] : below;
}
