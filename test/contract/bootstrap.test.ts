import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** A checkout that counts its builds, and a command that prints its arguments. */
const build = `
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const started = new Date();
if (fs.existsSync('src/mistake')) throw new Error('a mistake');
fs.appendFileSync('builds', 'x');
await setTimeout(300);
fs.mkdirSync('dist', { recursive: true });
fs.writeFileSync('dist/hardway.js', 'console.log(process.argv.slice(2).join("+"))');
fs.writeFileSync('dist/.built', '');
fs.utimesSync('dist/.built', started, started);
`;

let project: string;
beforeEach(() => {
  project = fs.mkdtempSync(join(tmpdir(), 'hardway-bootstrap-'));
  for (const folder of ['src', 'provisioners', 'schemas', 'node_modules'])
    fs.mkdirSync(join(project, folder));
  fs.copyFileSync(new URL('../../src/bootstrap.mjs', import.meta.url), join(project, 'src', 'bootstrap.mjs'));
  fs.writeFileSync(join(project, 'build.mjs'), build);
  fs.writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  fs.writeFileSync(join(project, 'package-lock.json'), '{}');
  fs.writeFileSync(join(project, 'node_modules', '.package-lock.json'), '{}');
});
afterEach(() => fs.rmSync(project, { recursive: true }));

/** Calls it from another folder, as Vagrant does. */
async function call(...words: string[]) {
  const env = { ...process.env, HARDWAY_CACHE: join(project, 'cache') };
  const child = spawn(process.execPath, [join(project, 'src/bootstrap.mjs'), ...words], {
    cwd: tmpdir(),
    env,
  });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { out, err, code };
}

const builds = () => fs.readFileSync(join(project, 'builds'), 'utf8').length;

function touch(path: string): void {
  const later = new Date(Date.now() + 1000);
  fs.writeFileSync(join(project, path), '');
  fs.utimesSync(join(project, path), later, later);
}

describe('bootstrap', () => {
  it('builds once, and leaves standard output to the command', async () => {
    expect(await call('plan', '--json')).toEqual({
      out: 'plan+--json\n',
      err: 'hardway: building (once)\n',
      code: 0,
    });
    expect(await call('up')).toEqual({ out: 'up\n', err: '', code: 0 });
    expect(builds()).toBe(1);
  });

  it.each(['src/new.ts', 'provisioners/new.ts', 'schemas/new.json'])(
    'builds again after %s',
    async (path) => {
      await call('up');
      touch(path);
      await call('up');
      expect(builds()).toBe(2);
    },
  );

  it('builds once for several calls at the same time', async () => {
    const calls = await Promise.all(['one', 'two', 'three'].map((word) => call(word)));
    expect(calls.map(({ out }) => out)).toEqual(['one\n', 'two\n', 'three\n']);
    expect(builds()).toBe(1);
  });

  it('says what the build said when that fails, and works again afterwards', async () => {
    touch('src/mistake');
    const failed = await call('up');
    expect(failed).toMatchObject({ out: '', code: 1 });
    expect(failed.err).toContain('Error: a mistake');
    fs.rmSync(join(project, 'src/mistake'));
    expect(await call('up')).toMatchObject({ out: 'up\n', code: 0 });
  });

  it('is not stopped by the lock of a process that was killed', async () => {
    const locks = join(project, 'cache');
    const child = spawn(process.execPath, [join(project, 'src/bootstrap.mjs')], {
      env: { ...process.env, HARDWAY_CACHE: locks },
    });
    while (!fs.existsSync(join(project, 'builds'))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGKILL');
    expect(fs.readdirSync(locks).filter((name) => name.endsWith('.lock'))).toHaveLength(1);
    expect(await call('up')).toMatchObject({ out: 'up\n', code: 0 });
  });
});
