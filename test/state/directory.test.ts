import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openState } from '../../src/state/directory.ts';
import { appendToJournal } from '../../src/state/journal.ts';
import { rotateToken } from '../../src/state/token.ts';
import { writeAtomic } from '../../src/state/write-atomic.ts';
import { inFullFileSystem, inTemporaryDirectory } from '../fixtures/directories.ts';
import { unable } from '../fixtures/unable.ts';

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('the state directory', () => {
  it('is made closed to others and invisible to git', () =>
    inTemporaryDirectory((dir) => {
      process.umask(0);
      const state = openState(join(dir, '.hardway'));
      process.umask(0o022);
      expect(mode(state.dir)).toBe('700');
      execFileSync('git', ['init', '-q', dir]);
      expect(execFileSync('git', ['-C', dir, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('');
      expect(state.path('pki', 'ca.key')).toBe(join(dir, '.hardway/pki/ca.key'));
    }));

  it('is closed again when it was opened, and says where', () =>
    inTemporaryDirectory((dir) => {
      const state = openState(join(dir, '.hardway'));
      mkdirSync(state.path('pki'));
      writeFileSync(state.path('pki/ca.key'), '');
      const outside = join(dir, 'outside');
      writeFileSync(outside, '');
      symlinkSync(outside, state.path('link'));
      for (const path of ['', 'pki', 'pki/ca.key']) chmodSync(state.path(path), 0o755);
      const again = openState(state.dir);
      expect(again.repaired).toEqual([state.dir, state.path('pki'), state.path('pki/ca.key')]);
      expect([mode(state.dir), mode(state.path('pki')), mode(state.path('pki/ca.key'))]).toEqual([
        '700',
        '700',
        '700',
      ]);
      expect(mode(outside)).toBe('644');
      expect(openState(state.dir).repaired).toEqual([]);
    }));

  const notRoot = process.getuid?.() === 0 ? null : 'only root can give files away';
  it.skipIf(unable('files of somebody else', notRoot))(
    'is refused when anything in it is somebody else’s',
    () =>
      inTemporaryDirectory((dir) => {
        const state = openState(join(dir, '.hardway'));
        mkdirSync(state.path('pki'));
        writeFileSync(state.path('pki/ca.key'), '', { mode: 0o600 });
        for (const path of [state.path('pki/ca.key'), state.dir]) {
          chownSync(path, 65534, 65534);
          expect(() => openState(state.dir)).toThrow(
            `${path} belongs to another user (uid 65534; yours is 0)`,
          );
          chownSync(path, 0, 0);
        }
        expect(openState(state.dir).repaired).toEqual([]);
      }),
  );

  it('is closed also where it is reached by a link', () =>
    inTemporaryDirectory((dir) => {
      mkdirSync(join(dir, 'elsewhere'), { mode: 0o755 });
      symlinkSync(join(dir, 'elsewhere'), join(dir, '.hardway'));
      expect(openState(join(dir, '.hardway')).repaired).toEqual([join(dir, 'elsewhere')]);
      expect(mode(join(dir, 'elsewhere'))).toBe('700');
    }));

  it('loses what a killed process left behind, and keeps what a living one is making', () =>
    inTemporaryDirectory((dir) => {
      const gone = spawnSync('true').pid;
      const state = openState(dir);
      mkdirSync(state.path('pki'));
      mkdirSync(state.path(`.plan.${gone}.aBcD12`));
      const names = [`pki/.ca.key.${gone}.0123456789ab`, `.lock.${gone}.0123456789abcdef`];
      const kept = [`pki/.ca.key.${process.pid}.0123456789ab`, `pki/ca.${gone}.0123456789ab`, '.gitignore'];
      for (const name of [...names, ...kept]) writeFileSync(state.path(name), 'x', { mode: 0o600 });
      openState(dir);
      expect(readdirSync(dir, { recursive: true }).sort()).toEqual([...kept, 'pki'].sort());
    }));
});

describe('an atomic write', () => {
  it('replaces the whole file with its mode and leaves nothing else', () =>
    inTemporaryDirectory(async (dir) => {
      const path = join(dir, 'a/b/file');
      await writeAtomic(path, 'old', 0o644);
      await writeAtomic(path, Buffer.from('new'));
      expect([readFileSync(path, 'utf8'), mode(path), readdirSync(join(dir, 'a/b'))]).toEqual([
        'new',
        '600',
        ['file'],
      ]);
      expect(mode(join(dir, 'a'))).toBe('700');
    }));

  it('is never seen half done', () =>
    inTemporaryDirectory(async (dir) => {
      const path = join(dir, 'file');
      const contents = ['a', 'b'].map((letter) => letter.repeat(100_000));
      await writeAtomic(path, contents[0]!);
      let writing = true;
      const writer = (async () => {
        for (let i = 0; i < 20; i += 1) await writeAtomic(path, contents[i % 2]!);
        writing = false;
      })();
      while (writing) {
        expect(contents).toContain(readFileSync(path, 'utf8'));
        await new Promise(setImmediate);
      }
      await writer;
    }));

  const obstacle = process.getuid?.() === 0 ? null : 'mounting needs root';
  it.skipIf(unable('a full disk here', obstacle))('says what a full disk lacks and keeps the old file', () =>
    inFullFileSystem(async (dir) => {
      const path = join(dir, 'file');
      await writeAtomic(path, 'old');
      const message = /^no space left for .*file: 3000000 bytes needed, \d+ free on this computer$/;
      await expect(writeAtomic(path, 'x'.repeat(3_000_000))).rejects.toThrow(message);
      expect([readFileSync(path, 'utf8'), readdirSync(dir)]).toEqual(['old', ['file']]);
    }),
  );
});

describe('the journal', () => {
  it('has one line an event, without secrets, closed to others', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const token = await rotateToken(state);
      await appendToJournal(state, 'run-1', { type: 'note', text: `the token is ${token}` });
      await appendToJournal(state, 'run-1', { type: 'wait', machine: 'm', what: 'two\nlines' });
      const lines = readFileSync(state.path('journal.ndjson'), 'utf8').trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
        {
          run: 'run-1',
          type: 'note',
          text: 'the token is [secret]',
          time: expect.stringMatching(/^\d{4}-.*Z$/),
        },
        { type: 'wait', what: 'two\nlines' },
      ]);
      expect(mode(state.path('journal.ndjson'))).toBe('600');
    }));
});
