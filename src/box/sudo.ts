import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { $ } from '../shell.ts';

/** Put before a command that needs root: empty for root itself. */
export const sudo: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo'];

/** For a root file system: numbers instead of this host's names, and file capabilities too. */
export const tarOptions: readonly string[] = ['--numeric-owner', '--xattrs', '--xattrs-include=*'];

/** Writes a file, and the folders above it, where only root may write. `mode` is octal. */
export async function writeAsRoot(path: string, lines: readonly string[], mode = '0644'): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hardway-'));
  try {
    const draft = join(folder, 'draft');
    await writeFile(draft, lines.map((line) => `${line}\n`).join(''));
    await $`${sudo} install -D -m ${mode} -o 0 -g 0 ${draft} ${path}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
