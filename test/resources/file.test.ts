import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { absent, directory, file } from '../../src/resources/file.ts';
import { bring, drift, workFolder } from './bench.ts';

const folder = workFolder();
let count = 0;
/** A new place that has a space, a quote and a dollar sign in its name. */
function place(): string {
  const path = join(folder, `it's $${(count += 1)}`, 'a file');
  mkdirSync(dirname(path));
  return path;
}

const text = 'wanted\n';
const write = (path: string, content = text): void => writeFileSync(path, content, { mode: 0o644 });
const mode = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

describe('file', () => {
  const cases: [string, (path: string) => void, string[]][] = [
    ['nothing there', () => undefined, ['present: false → true']],
    ['already right', (path) => write(path), []],
    ['another mode', (path) => (write(path), chmodSync(path, 0o600)), ['mode: 0600 → 0644']],
    ['a set-user-id bit', (path) => (write(path), chmodSync(path, 0o4644)), ['mode: 4644 → 0644']],
    ['another owner', (path) => (write(path), chownSync(path, 1, 2)), ['owner: daemon:bin → root:root']],
    ['other bytes', (path) => write(path, 'other\n'), [expect.stringMatching(/^sha256: /) as string]],
    ['an empty file', (path) => write(path, ''), [expect.stringMatching(/^sha256: e3b0c442/) as string]],
  ];

  it.each(cases)('%s', async (_, prepare, expected) => {
    const path = place();
    prepare(path);
    const wanted = file(path, text);
    expect(await drift(wanted)).toEqual(expected);
    if (expected.length > 0) await bring(wanted);
    expect(await drift(wanted)).toEqual([]);
    expect([readFileSync(path, 'utf8'), mode(path), readdirSync(dirname(path))]).toEqual([
      text,
      '644',
      ['a file'],
    ]);
  });

  it('replaces a symbolic link, not what it points to', async () => {
    const path = place();
    write(`${path}.target`, 'not ours\n');
    symlinkSync(`${path}.target`, path);
    expect(await drift(file(path, text))).toContain('type: symbolic link → regular file');
    await bring(file(path, text));
    expect([readFileSync(path, 'utf8'), readFileSync(`${path}.target`, 'utf8')]).toEqual([
      text,
      'not ours\n',
    ]);
  });

  it('never replaces a folder', async () => {
    const path = place();
    mkdirSync(path);
    await expect(bring(file(path, text))).rejects.toThrow(/cannot overwrite directory/);
    expect(lstatSync(path).isDirectory()).toBe(true);
  });

  it('is closed to others and shows no value when it is secret', async () => {
    const path = place();
    const secret = file(path, 'the key\n', { secret: true });
    await bring(secret);
    expect(mode(path)).toBe('600');
    write(path, 'another key\n');
    chmodSync(path, 0o644);
    expect(await drift(secret)).toEqual(['mode: 0644 → 0600', 'sha256: (secret) → (another secret)']);
  });

  it('is a wanted empty file like any other', async () => {
    const path = place();
    await bring(file(path, ''));
    expect(await drift(file(path, ''))).toEqual([]);
  });
});

describe('directory', () => {
  it('is made with its parents, mended, and keeps what is in it', async () => {
    const path = join(place(), 'below');
    const wanted = directory(path, { mode: 0o700, owner: 'daemon:bin' });
    expect(await drift(wanted)).toEqual(['present: false → true']);
    await bring(wanted);
    write(join(path, 'not ours'));
    chmodSync(path, 0o755);
    chownSync(path, 0, 0);
    expect(await drift(wanted)).toEqual(['mode: 0755 → 0700', 'owner: root:root → daemon:bin']);
    await bring(wanted);
    expect(await drift(wanted)).toEqual([]);
    expect(readdirSync(path)).toEqual(['not ours']);
  });

  it('fails where a file is, and leaves it', async () => {
    const path = place();
    write(path, 'not ours\n');
    await expect(bring(directory(path))).rejects.toThrow(`directory:${path} failed (exit 1)`);
    expect(readFileSync(path, 'utf8')).toBe('not ours\n');
  });
});

describe('absent', () => {
  const kinds: [string, (path: string) => void][] = [
    ['a file', (path) => write(path)],
    ['a folder with files', (path) => (mkdirSync(path), write(join(path, 'x')))],
    ['a dangling link', (path) => symlinkSync('/nowhere', path)],
  ];
  it.each(kinds)('removes %s', async (_, prepare) => {
    const path = place();
    prepare(path);
    expect(await drift(absent(path))).toEqual(['present: true → false']);
    await bring(absent(path));
    expect(await drift(absent(path))).toEqual([]);
    expect([existsSync(path), readdirSync(dirname(path))]).toEqual([false, []]);
  });
});
