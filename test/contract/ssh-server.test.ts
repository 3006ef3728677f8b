import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/connection/bundle.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { withSudo } from '../../src/connection/sudo.ts';
import { MachineError } from '../../src/errors.ts';
import { connected, faultOf, proxy, sshd, to } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';
import { upload } from './connection.ts';

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !condition(); i += 1) await sleep(20);
}

const obstacle = unable('what servers do', whyNoSshd());

describe.skipIf(obstacle)('the server', () => {
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

  it('that has vanished without a word is not waited for when its connection is closed', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    const connection = await connected(server, { port: between.port });
    expect((await connection.run('true')).ok).toBe(true);
    const open = sockets();
    between.silence();
    await connection.close();
    expect(sockets()).toBe(open);
    await expect.poll(sockets, { timeout: 5000 }).toBe(open - 1);
  });

  it('may say 200 MB without a newline: the memory it takes is bounded and the tail is kept', async () => {
    const connection = await connected(await sshd());
    let longest = 0;
    let most = 0;
    const onLine = (line: string) => {
      longest = Math.max(longest, line.length);
      most = Math.max(most, process.memoryUsage.rss());
    };
    const before = process.memoryUsage.rss();
    const script = `head -c 200000000 /dev/zero | tr '\\0' x; echo; head -c 10000000 /dev/zero | tr '\\0' y; echo last`;
    const { ok, stdout } = await connection.run(script, { onLine });
    expect([ok, stdout.slice(0, 27), stdout.slice(-6)]).toEqual([
      true,
      '[201611398 bytes before thi',
      'ylast\n',
    ]);
    expect(longest).toBeLessThanOrEqual(64 * 1024);
    expect((most - before) / 2 ** 20).toBeLessThan(150);
  });

  it.each(['tr_TR.UTF-8', 'ja_JP.eucJP', 'C'])(
    'in the locale %s works in C, and bytes stay bytes',
    async (locale) => {
      const connection = await connected(await sshd({ config: [`SetEnv LC_ALL=${locale} LANG=${locale}`] }));
      const script = String.raw`printf '\377I\304\260 %s' "$LC_ALL$LANG" | od -An -tx1; echo TITLE | tr A-Z a-z`;
      const { stdout } = await connection.run(script);
      expect(stdout).toBe(' ff 49 c4 b0 20 43 43\ntitle\n');
    },
  );

  it('whose start-up file exits is named as what it is', async () => {
    const server = await sshd();
    writeFileSync(join(server.home('root'), '.bashrc'), 'echo closed today; exit 0\n');
    const connection = await connected(server);
    const result = await connection.run('echo never');
    expect(result).toMatchObject({ ok: false, outcome: 'ended', stdout: '' });
    expect(result.stderr).toMatch(/did not begin .*start-up files\nclosed today/);
    expect(await faultOf(withSudo(to(server)))).toMatchObject({
      fault: 'authentication',
      message: 'minion-1: its login shell ends before it runs a command',
      evidence: ['closed today'],
      remedy: expect.stringContaining('~/.bashrc'),
    });
  });

  it('lets one script after another change things, whoever sent it and whether or not it is still there', async () => {
    const server = await sshd();
    const [first, second] = [await connected(server), await connected(server)];
    const note = (text: string) => sh`echo ${text} >>${join(server.dir, 'notes')}`;
    const alone = 'minion-1';
    const cut = first.run(sh`${verbatim(note('begin'))}; sleep 1.5; ${verbatim(note('end'))}; sleep 30 &`, {
      alone,
    });
    await until(() => existsSync(join(server.dir, 'notes')));
    await first.close();
    expect(await cut).toMatchObject({ outcome: 'lost' });
    const other = await second.run(note('another machine'), { alone: 'minion-2' });
    const next = await second.run(note('next'), { alone });
    expect([other.ok, next.ok, next.stderr]).toEqual([true, true, '']);
    const notes = readFileSync(join(server.dir, 'notes'), 'utf8').trim().split('\n');
    // What the first one left running in the background holds nobody up.
    expect(notes).toEqual(['begin', 'another machine', 'end', 'next']);
  });

  it('speaks AES-GCM and keeps one connection', async () => {
    const server = await sshd();
    const connection = await connected(server);
    for (let i = 0; i < 5; i += 1) await connection.run('true');
    expect(server.log().match(/Accepted publickey/g)).toHaveLength(1);
    expect(server.log()).not.toContain('Failed none');
  });
});

describe.skipIf(obstacle)('a full disk', () => {
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
