import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Session, sshArguments } from '../../src/connection/openssh.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardway-openssh-'));
afterAll(() => rmSync(folder, { recursive: true }));
// ssh leaves out those that are not there.
const keys = ['a b', 'c'].map((name) => join(folder, name));
for (const key of keys) writeFileSync(key, '');

const untold = {
  ...{ port: null, user: null, keys: null, agent: true },
  ...{ passphrase: null, sudoPassword: null, hostKey: null, bastion: null },
};

const args = (more: Partial<Session> = {}): string[] =>
  sshArguments({
    ...{ name: 'minion-1', knownHosts: '/home/ann/my labs/known_hosts', connectTimeout: 7 },
    target: { ...untold, host: '127.0.0.1', port: 2222, user: 'vagrant', keys },
    ...{ configured: false, command: [], root: false, ...more },
  });

/** What ssh itself makes of them. */
const understood = (): string[] =>
  execFileSync('ssh', ['-G', ...args()], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim());

describe('arguments for ssh', () => {
  it('mean what they say', () => {
    const lines = understood();
    for (const line of [
      'user vagrant',
      'hostname 127.0.0.1',
      'port 2222',
      'stricthostkeychecking true',
      'hostkeyalias minion-1',
      'updatehostkeys false',
      'identitiesonly yes',
      ...keys.map((key) => `identityfile ${key}`),
      'globalknownhostsfile /dev/null',
      'connecttimeout 7',
    ])
      expect(lines).toContain(line);
    expect(lines.find((line) => line.startsWith('userknownhostsfile'))).toMatch(/my labs\/known_hosts/);
  });

  it.each([
    [{}, ['--', '127.0.0.1']],
    [{ command: ['uptime', '-s'] }, ['--', '127.0.0.1', 'uptime', '-s']],
    [{ root: true }, ['-t', '--', '127.0.0.1', 'sudo -n -i']],
    [
      { root: true, command: ['echo', "it's", '$HOME'] },
      ['--', '127.0.0.1', `sudo -n -H -- /bin/sh -lc 'echo it'\\''s $HOME'`],
    ],
  ])('of %j end with what is run there', (more, end) => {
    expect(args(more).slice(-end.length)).toEqual(end);
  });
});
