import { describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/connection/bundle.ts';
import { scriptCommand } from '../../src/connection/framed-script.ts';

const file = { content: Buffer.from('x'), sha256: 'ab', mode: 0o644 };

describe('write files', () => {
  it.each(['relative', '/a/', '/', '', '/a\nb', '/a\\b'])('refuses the path %j', (path) => {
    expect(() => writeFiles([{ ...file, path }])).toThrow('no absolute path of a file');
  });

  it('is nothing for no files, and the same text for the same files', () => {
    expect(writeFiles([])).toBe('');
    const files = [{ ...file, path: '/etc/x' }];
    expect(writeFiles(files)).toBe(writeFiles(files));
  });

  it('keeps hostile names as data', () => {
    expect(writeFiles([{ ...file, path: '/etc/$(id)' }])).not.toMatch(/[^']\/etc\/\$\(id\)/);
  });
});

describe('a limit', () => {
  it('is whole positive seconds', () => {
    expect(scriptCommand(0.2)).toBe('timeout -k 5 1 /bin/sh -s');
    for (const limit of [0, -1, NaN, Infinity]) expect(() => scriptCommand(limit)).toThrow(RangeError);
  });
});
