import { $ } from 'zx';

/** Put before a command that needs root: empty for root itself. */
export const sudo: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo'];

/** Writes a file, and the folders above it, where only root may write. `mode` is octal. */
export async function writeAsRoot(path: string, lines: readonly string[], mode = '0644'): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join('');
  // Through a pipe: standard input is a socket here, and a socket cannot be opened by name.
  await $({ quiet: true, input })`cat | ${sudo} install -D -m ${mode} /dev/stdin ${path}`;
}
