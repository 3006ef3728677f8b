import { describe, expect, it } from 'vitest';
import { chooseMirror } from '../../src/box/mirror.ts';

const own = 'bookworm Debian main http://mirror.example/debian/';
const security = 'bookworm-security Debian main http://mirror.example/debian-security/';
const newer = 'trixie Debian main http://newer.example/debian/';
const foreign = 'bookworm Somebody main http://vendor.example/';

describe('chooseMirror', () => {
  it.each([
    ["the suite's own", [security, own], 'http://mirror.example/debian/'],
    ["another suite's, when the host is newer", [newer], 'http://newer.example/debian/'],
    ["the suite's own before another's", [newer, own], 'http://mirror.example/debian/'],
    ['never a vendor or the security archive', [foreign, security], undefined],
    ['none, when apt knows none', [], undefined],
  ])('takes %s', (_, lines, mirror) => {
    expect(chooseMirror(lines.join('\n'), 'bookworm')).toBe(mirror);
  });
});
