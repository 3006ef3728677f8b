import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { withSudo } from '../../src/connection/sudo.ts';
import { connected, faultOf, sshd, to } from '../fixtures/ssh-harness.ts';
import { makeKey, whyNoSshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';

const obstacle = unable('host keys and authentication', whyNoSshd());

describe.skipIf(obstacle)('host keys', () => {
  it('are recorded at first contact and then required', async () => {
    const server = await sshd();
    const file = join(server.dir, 'known_hosts');
    await (await connected(server)).close();
    expect(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' })).toBe('600\n');
    const options = `-p ${server.port} -i ${server.key} -F none -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${file}`;
    const opened = execFileSync('ssh', [...options.split(' '), 'root@127.0.0.1', 'echo known']);
    expect(String(opened)).toBe('known\n');
  });

  it('that changed stop us before anything is sent', async () => {
    const first = await sshd();
    const hosts = knownHosts(join(first.dir, 'known_hosts'));
    await (await connected(first)).close();
    const second = await sshd();
    const pinned = (await hosts.load('127.0.0.1', first.port))[0]!.key;
    await hosts.record('127.0.0.1', second.port, pinned);
    const error = await faultOf(to(second, { knownHosts: hosts }));
    expect(error.fault).toBe('host-key');
    const print = (file: string) =>
      execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1];
    expect(error.message).toContain(`pinned ${print(join(first.dir, 'host_key'))}`);
    expect(error.message).toContain(`offered ${print(join(second.dir, 'host_key'))}`);
    expect(error.evidence).toEqual([`recorded in ${join(first.dir, 'known_hosts')}`]);
    expect(error.remedy).toContain('hardway trust minion-1');
    await sleep(200);
    expect(second.log()).not.toMatch(/Accepted|Failed|userauth/);

    expect(await hosts.forget('127.0.0.1', second.port)).toBe(true);
    await connected(second, { knownHosts: hosts });
  });
});

describe.skipIf(obstacle)('authentication', () => {
  it('with the wrong key fails at once and names user, method and key file', async () => {
    const server = await sshd();
    const wrong = join(server.dir, 'wrong');
    makeKey(wrong);
    const error = await faultOf(to(server, { keys: [wrong] }));
    expect(error.fault).toBe('authentication');
    expect(error.message).toContain('user root');
    expect(error.message).toContain(`publickey ${wrong}`);
    expect(server.log().match(/Failed/g)).toHaveLength(1);
  });

  it('before the machine has booted is no refusal: it is not there yet', async () => {
    const words = 'System is booting up. Unprivileged users are not permitted to log in yet.';
    const server = await sshd({
      config: ['UsePAM yes'],
      user: { name: 'vagrant' },
      prepare: `echo '${words}' >/run/nologin`,
    });
    expect(await faultOf(to(server, { user: 'vagrant' }))).toMatchObject({
      absent: true,
      message: 'minion-1: it is starting or stopping and lets nobody in yet',
      evidence: [words],
    });
  });

  it('of a user whose password has expired names that', async () => {
    const server = await sshd({
      config: ['UsePAM yes'],
      user: { name: 'vagrant' },
      prepare: 'sed s/:19000:/:0:/ shadow >new; cat new >shadow',
    });
    const error = await faultOf(withSudo(to(server, { user: 'vagrant' })));
    expect(error).toMatchObject({
      fault: 'authentication',
      message: 'minion-1: the password of its login user has expired',
      evidence: expect.arrayContaining(['WARNING: Your password has expired.']),
      remedy: expect.stringContaining('passwd'),
    });
  });

  it('asks no agent: one that is not running, or answers nothing, changes nothing', async () => {
    const server = await sshd();
    const silent = createServer().listen(join(server.dir, 'agent'));
    let asked = 0;
    silent.on('connection', () => (asked += 1));
    const before = process.env['SSH_AUTH_SOCK'];
    for (const socket of ['', join(server.dir, 'none'), join(server.dir, 'agent')]) {
      process.env['SSH_AUTH_SOCK'] = socket;
      await (await connected(server)).close();
    }
    if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
    else process.env['SSH_AUTH_SOCK'] = before;
    silent.close();
    expect(asked).toBe(0);
  });

  it('goes through the keys in order', async () => {
    const server = await sshd();
    const wrong = join(server.dir, 'wrong');
    makeKey(wrong);
    const connection = await connected(server, { keys: [wrong, server.key] });
    expect((await connection.run('true')).ok).toBe(true);
  });

  it('takes a password instead', async () => {
    const server = await sshd({ user: { name: 'vagrant', password: 'open sesame' } });
    const right = await connected(server, { user: 'vagrant', password: 'open sesame', keys: [] });
    expect((await right.run('id -un')).stdout).toBe('vagrant\n');
    const error = await faultOf(to(server, { user: 'vagrant', password: 'closed sesame', keys: [] }));
    expect(error).toMatchObject({
      fault: 'authentication',
      message: expect.stringContaining('with password'),
    });
    expect(error.message + error.evidence.join()).not.toContain('sesame');
  });

  it('wants keys that are there, closed to others, and usable', async () => {
    const server = await sshd();
    const locked = join(server.dir, 'locked');
    makeKey(locked, 'phrase');
    const text = join(server.dir, 'text');
    writeFileSync(text, 'hello', { mode: 0o600 });
    const open = join(server.dir, 'open');
    writeFileSync(open, readFileSync(server.key));
    chmodSync(open, 0o644);
    const cases: [string[], RegExp][] = [
      [[join(server.dir, 'none')], /none does not exist/],
      [[locked], /locked is protected by a passphrase/],
      [[text], /text is not a private key/],
      [[open], /open can be read by others/],
      [[], /no key to log in with as \S+: none of OpenSSH's usual files is there/],
    ];
    for (const [keys, message] of cases) {
      expect(await faultOf(to(server, { keys }))).toMatchObject({
        fault: 'authentication',
        message: expect.stringMatching(message),
      });
    }
  });
});
