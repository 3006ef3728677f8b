import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newPrivateKey, publicHalf } from '../../src/connection/ssh-key-pair.ts';

it('a new key is one that OpenSSH reads, with the same public half', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-key-'));
  try {
    const key = newPrivateKey();
    writeFileSync(join(folder, 'key'), key, { mode: 0o600 });
    const told = execFileSync('ssh-keygen', ['-y', '-f', join(folder, 'key')], { encoding: 'utf8' });
    expect(told.trim().split(' ').slice(0, 2).join(' ')).toBe(publicHalf(key));
    expect(newPrivateKey()).not.toBe(key);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
