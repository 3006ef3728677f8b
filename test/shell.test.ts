import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

const home = mkdtempSync(join(tmpdir(), 'hardway-shell-'));
writeFileSync(join(home, '.bashrc'), 'echo welcome\nexport PATH=/nowhere:$PATH\n');
afterAll(() => rmSync(home, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

describe('a command of this computer', () => {
  // As from a terminal, from cron or systemd (no shell above), and from a shell that gave way to Node.js.
  it.each(['3', undefined, '0', 'x'])('is not changed by ~/.bashrc (SHLVL %s)', async (level) => {
    vi.stubEnv('HOME', home);
    vi.stubEnv('SHLVL', level);
    vi.resetModules();
    const { $ } = await import('../src/shell.ts');
    expect((await $`echo $PATH`).stdout).toBe(`${process.env['PATH']}\n`);
  });
});
