import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tar, untar } from '../../src/artefacts/tar.ts';
import { scratch } from './workbench.ts';

const entries = [
  { path: 'bin', content: null, mode: 0o755 },
  { path: 'bin/tool', content: Buffer.from('x'.repeat(1000)), mode: 0o755 },
  { path: 'bin/empty', content: Buffer.alloc(0), mode: 0o640 },
  { path: 'exact', content: Buffer.alloc(512, 7), mode: 0o600 },
];

describe('tar', () => {
  it('is read by the tar of the system', () => {
    const folder = scratch();
    writeFileSync(join(folder, 'a.tar'), tar(entries));
    execFileSync('tar', ['-xpf', 'a.tar'], { cwd: folder });
    for (const { path, content, mode } of entries) {
      expect(statSync(join(folder, path)).mode & 0o777, path).toBe(mode);
      if (content !== null) expect(readFileSync(join(folder, path)).equals(content), path).toBe(true);
    }
  });

  it('holds symbolic links', () => {
    const folder = scratch();
    writeFileSync(
      join(folder, 'a.tar'),
      tar([{ path: 'other', content: null, mode: 0o777, link: 'bin/tool' }]),
    );
    execFileSync('tar', ['-xpf', 'a.tar'], { cwd: folder });
    expect(readlinkSync(join(folder, 'other'))).toBe('bin/tool');
  });

  it('refuses a name that does not fit', () => {
    const [path, content, mode] = ['x'.repeat(101), null, 0o755] as const;
    expect(() => tar([{ path, content, mode }])).toThrow('too long');
    expect(() => tar([{ path: 'a', content, mode, link: path }])).toThrow('too long');
  });
});

describe('untar', () => {
  it('gives back what was packed', () => {
    const files = untar(tar(entries));
    expect([...files.values()]).toEqual(entries.filter((entry) => entry.content !== null));
  });

  it('reads archives of the system, with ./ and long names in between', () => {
    const folder = scratch();
    const far = join('a'.repeat(70), 'b'.repeat(70));
    mkdirSync(join(folder, 'in', far), { recursive: true });
    writeFileSync(join(folder, 'in', far, 'file'), 'far');
    writeFileSync(join(folder, 'in', 'tool'), 'near');
    for (const format of ['gnu', 'pax', 'ustar']) {
      execFileSync('tar', [`--format=${format}`, '-cf', 'a.tar', '-C', 'in', '.'], { cwd: folder });
      const files = untar(readFileSync(join(folder, 'a.tar')));
      expect(files.get('tool')?.content?.toString(), format).toBe('near');
      if (format === 'ustar') expect(files.get(`${far}/file`)?.content?.toString()).toBe('far');
    }
  });

  it.each(['../evil', 'bin/../../evil', '/etc/passwd'])('refuses %s', (path) => {
    const archive = tar([{ path, content: Buffer.from('x'), mode: 0o644 }]);
    expect(() => untar(archive)).toThrow('leaves its folder');
  });

  it('takes no link for a file', () => {
    const archive = tar([{ path: 'tool', content: null, mode: 0o777, link: '/etc/passwd' }]);
    expect(untar(archive).size).toBe(0);
  });

  it('notices an archive that ends too early', () => {
    expect(() => untar(tar(entries).subarray(0, 1200))).toThrow('ends in the middle');
  });
});
