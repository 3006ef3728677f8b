import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/connection/bundle.ts';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { sshConnection } from '../../src/connection/ssh.ts';
import type { SshOptions } from '../../src/connection/ssh-client.ts';
import type { TransportConnection } from '../../src/connection/transport.ts';
import { ConnectionError, MachineError } from '../../src/errors.ts';
import { freePort } from '../fixtures/free-port.ts';
import { makeKey, startSshd } from '../fixtures/sshd.ts';
import type { Sshd, SshdOptions } from '../fixtures/sshd.ts';
import { startProxy } from '../fixtures/tcp-proxy.ts';
import type { TcpProxy } from '../fixtures/tcp-proxy.ts';
import { sha256, upload } from './connection.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function sshd(options: SshdOptions = {}): Promise<Sshd> {
  const started = await startSshd(options);
  cleanups.push(() => started.stop());
  return started;
}

async function proxy(port: number): Promise<TcpProxy> {
  const started = await startProxy(port);
  cleanups.push(() => started.stop());
  return started;
}

function to(server: Sshd, options: Partial<SshOptions> = {}): TransportConnection {
  const connection = sshConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'root',
    keys: [server.key],
    knownHosts: knownHosts(join(server.dir, 'known_hosts')),
    label: 'minion-1',
    ...options,
  });
  cleanups.push(() => connection.close());
  return connection;
}

async function connected(server: Sshd, options: Partial<SshOptions> = {}): Promise<TransportConnection> {
  const connection = to(server, options);
  await connection.connect();
  return connection;
}

async function faultOf(connection: TransportConnection): Promise<ConnectionError> {
  const error = await connection.connect().catch((caught: unknown) => caught);
  if (!(error instanceof ConnectionError))
    throw new Error(`expected a ConnectionError, got ${String(error)}`);
  return error;
}

describe('the server', () => {
  it('that allows one session at a time is used one by one', async () => {
    const connection = await connected(await sshd({ config: ['MaxSessions 1'] }));
    const results = await Promise.all(
      Array.from({ length: 12 }, (_, i) => connection.run(`sleep 0.05; echo ${i}`)),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(results.map((_, i) => i));
  });

  it('that allows no session is refused clearly', async () => {
    const connection = await connected(await sshd({ config: ['MaxSessions 0'] }));
    await expect(connection.run('true')).rejects.toThrow(/minion-1: .*opens no session/);
  });

  it('that greets, and start-up files that print, disturb nothing', async () => {
    const server = await sshd({ config: ['Banner /etc/passwd'] });
    writeFileSync(
      join(server.home('root'), '.bashrc'),
      'echo hello; echo hello >&2; export LC_ALL=tr_TR PATH=/bin\n',
    );
    const connection = await connected(server);
    const result = await connection.run('echo $LC_ALL; echo oops >&2');
    expect(result).toMatchObject({ ok: true, stdout: 'C\n', stderr: 'oops\n' });
    await connection.put(upload(join(server.dir, 'file'), Buffer.from('content')));
  });

  it('whose start-up file exits is named as what it is', async () => {
    const server = await sshd();
    writeFileSync(join(server.home('root'), '.bashrc'), 'echo closed today; exit 0\n');
    const connection = await connected(server);
    const result = await connection.run('echo never');
    expect(result).toMatchObject({ ok: false, outcome: 'ended', stdout: '' });
    expect(result.stderr).toMatch(/did not begin .*start-up files\nclosed today/);
  });

  it('speaks AES-GCM and keeps one connection', async () => {
    const server = await sshd();
    const connection = await connected(server);
    for (let i = 0; i < 5; i += 1) await connection.run('true');
    expect(server.log().match(/Accepted publickey/g)).toHaveLength(1);
    expect(server.log()).not.toContain('Failed none');
  });
});

describe('host keys', () => {
  it('are recorded at first contact and then required', async () => {
    const server = await sshd();
    const file = join(server.dir, 'known_hosts');
    await (await connected(server)).close();
    expect(execFileSync('stat', ['-c', '%a', file], { encoding: 'utf8' })).toBe('600\n');
    const opened = execFileSync('ssh', [
      ...['-p', String(server.port), '-i', server.key, '-o', `UserKnownHostsFile=${file}`],
      ...['-o', 'StrictHostKeyChecking=yes', '-F', 'none', 'root@127.0.0.1', 'echo known'],
    ]);
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
    expect(error.remedy).toContain('hardway trust minion-1');
    await sleep(200);
    expect(second.log()).not.toMatch(/Accepted|Failed|userauth/);

    expect(await hosts.forget('127.0.0.1', second.port)).toBe(true);
    await connected(second, { knownHosts: hosts });
  });
});

describe('authentication', () => {
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
      [[], /no key and no password/],
    ];
    for (const [keys, message] of cases) {
      expect(await faultOf(to(server, { keys }))).toMatchObject({
        fault: 'authentication',
        message: expect.stringMatching(message),
      });
    }
  });
});

describe('the way there', () => {
  it('ends at a closed port', async () => {
    const server = await sshd();
    const error = await faultOf(to(server, { port: await freePort() }));
    expect(error).toMatchObject({ fault: 'refused', absent: true });
  });

  it('ends at a name nobody knows', async () => {
    const error = await faultOf(to(await sshd(), { host: 'no-such-machine.invalid' }));
    expect(error).toMatchObject({ fault: 'unreachable', absent: true });
  });

  it('ends at a forwarded port with nothing behind it', async () => {
    const server = await sshd();
    const between = await proxy(await freePort());
    const connection = to(server, { port: between.port });
    setTimeout(() => between.reset(), 200);
    expect(await faultOf(connection)).toMatchObject({ fault: 'refused', absent: true });
  });

  it('swallows everything from the start', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    between.silence();
    const started = performance.now();
    const error = await faultOf(to(server, { port: between.port }));
    expect(error).toMatchObject({
      fault: 'timeout',
      absent: true,
      message: 'minion-1: no answer within 10 s',
    });
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('swallows everything in the middle', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const started = performance.now();
    const running = connection.run('sleep 60; echo never');
    await sleep(300);
    between.silence();
    expect(await running).toMatchObject({ ok: false, code: null, outcome: 'lost' });
    expect(performance.now() - started).toBeLessThan(16_000);
  });

  it('breaks in the middle of a run, and can be opened again', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const running = connection.run('echo begun; sleep 60');
    await sleep(300);
    between.reset();
    expect(await running).toMatchObject({ ok: false, code: null, stdout: 'begun\n', outcome: 'lost' });
    expect(await connection.run('true')).toMatchObject({ ok: false, code: null, outcome: 'lost' });
    await connection.connect();
    expect(await connection.run('true')).toMatchObject({ ok: true });
  });

  it('breaks while a script is sent: nothing of it runs', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    between.resetAfter(300_000);
    const script = sh`touch ${join(server.dir, 'ran')}; : ${'x'.repeat(3_000_000)}`;
    expect(await connection.run(script)).toMatchObject({ ok: false, outcome: 'lost' });
    await sleep(500);
    expect(existsSync(join(server.dir, 'ran'))).toBe(false);
  });

  it('breaks in the middle of an upload: the old file stays', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const path = join(server.dir, 'target');
    await connection.put(upload(path, Buffer.from('old')));
    between.resetAfter(4_000_000);
    const large = upload(path, randomBytes(20_000_000));
    await expect(connection.put(large)).rejects.toMatchObject({ fault: 'lost' });
    await sleep(500);
    expect(readFileSync(path, 'utf8')).toBe('old');
    between.resetAfter(Infinity);
    await connection.connect();
    await connection.put(large);
    expect(sha256(readFileSync(path))).toBe(large.sha256);
  });
});

describe('a full disk', () => {
  const prepare = 'mkdir full; mount -t tmpfs -o size=2m tmpfs full';

  it('is one clear sentence and leaves the old file', async () => {
    const server = await sshd({ prepare });
    const connection = await connected(server);
    const path = join(server.dir, 'full/file');
    await connection.put(upload(path, Buffer.from('old')));
    for (const size of [3_000_000, 30_000_000]) {
      const error = await connection.put(upload(path, randomBytes(size))).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MachineError);
      const sentence = `^minion-1: no space left below .*/full: .*/full/file needs ${size} bytes, 20\\d{5} are free$`;
      expect(error).toMatchObject({ message: expect.stringMatching(sentence) });
    }
    expect((await connection.run(sh`cat ${path}; ls -A ${server.dir}/full`)).stdout).toBe('oldfile\n');
  });

  it('stops a script that writes small files', async () => {
    const server = await sshd({ prepare });
    const connection = await connected(server);
    const files = ['a', 'b', 'c'].map((name) => upload(join(server.dir, 'full', name), randomBytes(900_000)));
    const result = await connection.run(sh`${verbatim(writeFiles(files))}echo unreached`);
    expect(result).toMatchObject({ ok: false, code: 1, stdout: '' });
    expect(result.stderr).toMatch(
      /^no space left below .*full: .*full\/c needs 900000 bytes, \d+ are free\n$/,
    );
    expect((await connection.run(sh`ls -A ${server.dir}/full`)).stdout).toBe('');
  });
});
