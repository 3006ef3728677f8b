import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/connection/bundle.ts';
import type { Connection, Upload } from '../../src/connection/connection.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { MachineError } from '../../src/errors.ts';
import { unable } from '../fixtures/unable.ts';

export interface Subject {
  readonly connection: Connection;
  end(): Promise<void>;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function upload(path: string, content: Buffer, more: Partial<Upload> = {}): Upload {
  return { path, content, sha256: sha256(content), mode: 0o640, ...more };
}

/**
 * What every connection does alike. The subject is root on its machine and shares this machine's /tmp.
 * @param obstacle why it cannot be tested here, or null
 */
export function connectionContract(
  name: string,
  obstacle: string | null,
  make: () => Promise<Subject>,
): void {
  describe.skipIf(unable(name, obstacle))(name, () => {
    let subject: Subject;
    let connection: Connection;
    let dir: string;

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'hardway-contract-'));
      subject = await make();
      connection = subject.connection;
      await connection.connect();
    });
    afterAll(async () => {
      rmSync(dir, { recursive: true, force: true });
      await connection?.close();
      await subject?.end();
    });

    const outcomes: [string, string, object][] = [
      ['a success', 'echo hello', { ok: true, code: 0, stdout: 'hello\n', stderr: '', outcome: 'ended' }],
      [
        'a failure',
        'echo no >&2; exit 7',
        { ok: false, code: 7, stdout: '', stderr: 'no\n', outcome: 'ended' },
      ],
      ['its last command', 'echo a; false', { ok: false, code: 1, stdout: 'a\n' }],
      ['no errexit', 'false; echo on', { ok: true, stdout: 'on\n' }],
      ['an errexit of its own', 'set -e; false; echo on', { ok: false, code: 1, stdout: '' }],
      ['a trap of its own', 'trap "echo bye" EXIT; exit 3', { code: 3, stdout: 'bye\n' }],
      ['no last newline', 'printf tail', { ok: true, stdout: 'tail' }],
      ['bytes as they are', String.raw`printf 'ü\n\t\\'`, { ok: true, stdout: 'ü\n\t\\' }],
      ['nothing on standard input', 'cat; readlink /proc/self/fd/0', { ok: true, stdout: '/dev/null\n' }],
      ['the C locale', 'echo $LC_ALL; umask', { stdout: 'C\n0022\n' }],
      ['root', 'id -u', { stdout: '0\n' }],
      ['a killed script', 'sh -c "kill -9 $$"; echo unreached', { ok: false }],
      ['code 124 of its own', 'exit 124', { ok: false, code: 124, outcome: 'ended' }],
      ['a heredoc', "cat <<'X'\n$HOME `id`\nX", { stdout: '$HOME `id`\n' }],
      ['an empty script', '', { ok: true, stdout: '' }],
      ['a comment at the end', 'echo a # b', { ok: true, stdout: 'a\n' }],
    ];
    it.each(outcomes)('tells %s', async (_, script, expected) => {
      expect(await connection.run(script)).toMatchObject(expected);
    });

    it('runs nothing of a script the shell cannot read', async () => {
      const result = await connection.run(`touch '${dir}/ran'\nif`);
      expect(result).toMatchObject({ ok: false, code: 2, outcome: 'ended' });
      expect(result.stderr).toMatch(/syntax error|unexpected/i);
      expect((await connection.run(`ls ${dir}`)).stdout).toBe('');
    });

    it('hands on lines while the script runs', async () => {
      const lines: [string, number][] = [];
      const started = performance.now();
      await connection.run('echo one; sleep 1; echo two; printf rest', {
        onLine: (line) => lines.push([line, performance.now() - started]),
      });
      expect(lines.map(([line]) => line)).toEqual(['one', 'two']);
      expect(lines[1]![1] - lines[0]![1]).toBeGreaterThan(700);
    });

    it('ends a script on the machine when its time is up', async () => {
      const result = await connection.run(`echo a; sleep 30; touch '${dir}/late'`, { limit: 1 });
      expect(result).toMatchObject({ ok: false, code: 124, stdout: 'a\n', outcome: 'limit' });
      expect(result.milliseconds).toBeLessThan(5000);
      expect((await connection.run(`ps -eo args | grep -c '[s]leep 30'`)).stdout).toBe('0\n');
    });

    it('lets go on abort; the script goes on', async () => {
      const controller = new AbortController();
      const running = connection.run(`sleep 1; echo noise; touch '${dir}/done'`, {
        signal: controller.signal,
      });
      setTimeout(() => controller.abort(), 200);
      expect(await running).toMatchObject({ ok: false, code: null, outcome: 'aborted' });
      const wait = `for i in $(seq 50); do [ -e '${dir}/done' ] && exit 0; sleep 0.1; done; exit 1`;
      expect((await connection.run(wait)).ok).toBe(true);
      expect(await connection.run('true', { signal: AbortSignal.abort() })).toMatchObject({
        outcome: 'aborted',
      });
    });

    it('does not wait for a daemon that keeps the streams open', async () => {
      const result = await connection.run('sleep 5 & echo started');
      expect(result).toMatchObject({ ok: true, stdout: 'started\n' });
      expect(result.milliseconds).toBeLessThan(3000);
    });

    it('runs many scripts at once', async () => {
      const codes = Array.from({ length: 30 }, (_, i) => i);
      const results = await Promise.all(codes.map((code) => connection.run(`sleep 0.1; exit ${code}`)));
      expect(results.map(({ code }) => code)).toEqual(codes);
    });

    it('keeps the tail of 20 MB without a newline', async () => {
      const lines: number[] = [];
      const script = `head -c 20000000 /dev/zero | tr '\\0' x; echo last`;
      const result = await connection.run(script, { onLine: (line) => lines.push(line.length) });
      expect(result.ok).toBe(true);
      expect(result.stdout.length).toBeLessThan(8.1 * 1024 * 1024);
      expect(result.stdout.endsWith('xlast\n')).toBe(true);
      expect(result.stdout.startsWith('[')).toBe(true);
      expect(Math.max(...lines)).toBeLessThanOrEqual(64 * 1024);
    });

    it('takes a script of megabytes, with every hostile word in it', async () => {
      const words = ['', ' ', "'", '"', '`id`', '$(id)', '\\', '\n', '*', '~', '-n', '!!', 'ü', "';id;'"];
      const script = sh`
        : ${'x'.repeat(3_000_000)}
        for word in ${words}; do printf '%s|' "$word"; done`;
      expect(await connection.run(script)).toMatchObject({ ok: true, stdout: `${words.join('|')}|` });
    });

    const sizes: [string, number][] = [
      ['empty', 0],
      ['small', 3000],
      ['larger than any buffer', 9_000_000],
    ];
    it.each(sizes)('puts a file: %s', async (_, size) => {
      const content = randomBytes(size);
      const path = `${dir}/a b/deep/it's`;
      await connection.put(upload(path, content, { owner: 'daemon:root' }));
      const look = await connection.run(
        sh`stat -c '%a %U:%G' ${path}; sha256sum <${path}; ls -A ${dir}/${'a b'}/deep`,
      );
      expect(look.stdout).toBe(`640 daemon:root\n${sha256(content)}  -\nit's\n`);
    });

    it('streams 100 MB from a local file and tells how far it is', async () => {
      const local = join(dir, 'local');
      writeFileSync(local, randomBytes(100_000_000));
      const sent: number[] = [];
      const sum = (await connection.run(sh`sha256sum <${local}`)).stdout.slice(0, 64);
      const path = join(dir, 'large');
      const onProgress = (bytes: number, total: number) => sent.push(bytes / total);
      const watch = sh`for i in $(seq 100); do stat -c %a ${dir}/.hw-* 2>/dev/null; sleep 0.01; done | sort -u`;
      const watching = connection.run(watch);
      await connection.put({ path, content: { file: local }, sha256: sum, mode: 0o755, onProgress });
      expect((await watching).stdout.replace('755\n', '')).toBe('600\n'); // never open to others before it is ready
      expect(sent.length).toBeGreaterThan(100);
      expect(sent.at(-1)).toBe(1);
      expect((await connection.run(sh`cmp ${local} ${path}`)).ok).toBe(true);
    });

    it('refuses content with another digest and leaves the old file alone', async () => {
      const path = join(dir, 'kept');
      await connection.put(upload(path, Buffer.from('old')));
      const wrong = upload(path, Buffer.from('new'), { sha256: sha256(Buffer.from('other')) });
      const error = await connection.put(wrong).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MachineError);
      expect(String(error)).toContain('sha256');
      expect((await connection.run(sh`cat ${path}; ls -A ${dir} | grep -c hw-`)).stdout).toBe('old0\n');
    });

    it('says why a file cannot be written', async () => {
      const unknownOwner = upload(join(dir, 'x'), Buffer.from('x'), { owner: 'nobody-of-that-name' });
      await expect(connection.put(unknownOwner)).rejects.toThrow(
        /cannot write .*x: setting owner and mode: chown/,
      );
      const below = upload('/dev/null/x', Buffer.from('x'));
      await expect(connection.put(below)).rejects.toThrow(/making its directory: mkdir/);
      const missing = { ...below, content: { file: join(dir, 'no-such-file') } };
      await expect(connection.put(missing)).rejects.toThrow(/no-such-file, to be sent as .*cannot be read/);
      expect((await connection.run(sh`ls -A ${dir} | grep hw-`)).stdout).toBe('');
    });

    it('writes many small files inside one script', async () => {
      const files = Array.from({ length: 40 }, (_, i) =>
        upload(`${dir}/many/it's ${i}`, randomBytes(i * 100)),
      );
      const result = await connection.run(sh`${verbatim(writeFiles(files))}echo written`);
      expect(result).toMatchObject({ ok: true, stdout: 'written\n', stderr: '' });
      const sums = await connection.run(
        sh`for i in $(seq 0 39); do sha256sum <${`${dir}/many/it's `}$i; done`,
      );
      expect(sums.stdout).toBe(files.map((file) => `${file.sha256}  -\n`).join(''));
      expect(
        (await connection.run(sh`stat -c %a:%U ${files[3]!.path}; ls -A ${dir}/many | wc -l`)).stdout,
      ).toBe('640:root\n40\n');
    });

    it('stops the script at a small file that cannot be written', async () => {
      const bad = upload(`${dir}/bad`, Buffer.from('x'), { sha256: sha256(Buffer.from('y')) });
      const result = await connection.run(sh`${verbatim(writeFiles([bad]))}echo unreached`);
      expect(result).toMatchObject({ ok: false, code: 1, stdout: '' });
      expect(result.stderr).toMatch(/^cannot write .*bad: checking sha256: /);
      expect((await connection.run(sh`ls -A ${dir} | grep -e bad -e hw-`)).stdout).toBe('');
    });

    it('shows no content and no script in any argument list', async () => {
      const canary = `canary${randomBytes(8).toString('hex')}`;
      const watch = `for i in $(seq 20); do cat /proc/[0-9]*/cmdline; sleep 0.05; done 2>/dev/null | tr '\\0' ' '`;
      const watching = connection.run(watch);
      const file = upload(join(dir, 'secret'), Buffer.from(canary.repeat(200_000)));
      await connection.put(file);
      await connection.run(
        sh`${verbatim(writeFiles([upload(join(dir, 'secret-2'), Buffer.from(canary))]))}sleep 0.3 # ${canary}`,
      );
      const { ok, stdout } = await watching;
      expect(ok).toBe(true);
      expect(stdout).toContain('/bin/sh');
      expect(stdout).not.toContain(canary);
      expect(stdout).not.toContain(Buffer.from(canary).toString('base64').slice(0, 20));
    });

    it('connects and closes twice without complaint', async () => {
      await connection.connect();
      await connection.close();
      await connection.close();
      await connection.connect();
      expect((await connection.run('echo again')).stdout).toBe('again\n');
    });
  });
}
