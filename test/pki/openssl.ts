/** The openssl command as the independent second opinion. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** What openssl prints; `input` goes to its standard input. Throws when it fails. */
export function openssl(args: readonly string[], input = ''): string {
  return execFileSync('openssl', args, { input, encoding: 'utf8', stdio: 'pipe' });
}

/** A directory for the tests of one file, removed after them. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hardway-pki-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function saved(directory: string, name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}
