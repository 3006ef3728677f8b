import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprint, knownHosts } from '../../src/connection/known-hosts.ts';

// A public key as ssh-keygen wrote it, and its fingerprint as ssh-keygen -l prints it.
const line = readKey();

function readKey(): { key: Buffer; print: string } {
  const dir = mkdtempSync(join(tmpdir(), 'hardway-key-'));
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'key')]);
    const print = execFileSync('ssh-keygen', ['-lf', join(dir, 'key')], { encoding: 'utf8' }).split(' ')[1]!;
    return { key: Buffer.from(readFileSync(join(dir, 'key.pub'), 'utf8').split(' ')[1]!, 'base64'), print };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hardway-known-'));
  file = join(dir, 'known_hosts');
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('known hosts', () => {
  it('have the fingerprints of OpenSSH', () => {
    expect(fingerprint(line.key)).toBe(line.print);
  });

  it('are recorded by endpoint in OpenSSH’s format, closed to others', async () => {
    const hosts = knownHosts(file);
    expect(await hosts.load('10.0.0.1', 22)).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, (_, i) => hosts.record('10.0.0.1', 22 + i, line.key)));
    await hosts.record('10.0.0.1', 22, line.key);
    const text = readFileSync(file, 'utf8').split('\n');
    expect(text).toHaveLength(21);
    expect(text[0]).toBe(`10.0.0.1 ssh-ed25519 ${line.key.toString('base64')}`);
    expect(text[1]).toBe(`[10.0.0.1]:23 ssh-ed25519 ${line.key.toString('base64')}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await hosts.load('10.0.0.1', 23)).toMatchObject([{ type: 'ssh-ed25519', key: line.key }]);
    const found = execFileSync('ssh-keygen', ['-F', '[10.0.0.1]:23', '-f', file], { encoding: 'utf8' });
    expect(found).toContain('found: line 2');
  });

  it('are forgotten one endpoint at a time', async () => {
    const hosts = knownHosts(file);
    await hosts.record('a', 22, line.key);
    await hosts.record('b', 22, line.key);
    expect([await hosts.forget('a', 22), await hosts.forget('a', 22)]).toEqual([true, false]);
    expect([(await hosts.load('a', 22)).length, (await hosts.load('b', 22)).length]).toEqual([0, 1]);
  });

  it('are read again when somebody else has changed the file', async () => {
    const [mine, theirs] = [knownHosts(file), knownHosts(file)];
    expect(await mine.load('a', 22)).toEqual([]);
    await theirs.record('a', 22, line.key);
    expect(await mine.load('a', 22)).toHaveLength(1);
    await theirs.forget('a', 22);
    expect(await mine.load('a', 22)).toEqual([]);
  });

  const damaged = ['half a line', '@revoked a ssh-ed25519 AAAA', 'a ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA=='];
  it.each(damaged)('are not guessed from %j', async (text) => {
    writeFileSync(file, `# comment\n\n${text}\n`);
    chmodSync(file, 0o600);
    await expect(knownHosts(file).load('a', 22)).rejects.toThrow(/known_hosts.* is not a host key line/);
  });
});
