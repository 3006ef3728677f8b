import { describe, expect, it } from 'vitest';
import { publishedSum } from '../../src/artefacts/checksums.ts';

const sum = 'a'.repeat(64);
const other = 'b'.repeat(64);
const release = JSON.stringify({
  assets: [
    { name: 'x', digest: null },
    { name: 'tool.tgz', digest: `sha256:${sum}` },
  ],
});

describe('publishedSum', () => {
  it.each([
    ['bare hex', sum],
    ['bare hex with a line end', `${sum}\n`],
    ['capitals', sum.toUpperCase()],
    ['one named line', `${sum}  tool.tgz\n`],
    ['binary mode', `${sum} *tool.tgz\n`],
    ['a folder before the name', `${sum}  ./release/tool.tgz\n`],
    ['a list', `${other}  tool.tgz.asc\n${sum}  tool.tgz\n${other}  other-tool.tgz\n`],
    ["GitHub's description", release],
  ])('reads %s', (_, proof) => {
    expect(publishedSum(proof, 'tool.tgz')).toBe(sum);
  });

  it.each([
    ['another name', `${sum}  other.tgz`],
    ['a longer name', `${sum}  my-tool.tgz`],
    ['a sha512', 'a'.repeat(128)],
    ['a web page', '<html><body>Not found</body></html>'],
    ['nothing', ''],
    ['an asset without a digest', release.replace('tool.tgz', 'y')],
  ])('finds nothing in %s', (_, proof) => {
    expect(publishedSum(proof, 'tool.tgz')).toBeUndefined();
  });
});
