import { expect, it } from 'vitest';
import { companions } from '../../src/artefacts/companions.ts';
import { ArtefactError } from '../../src/errors.ts';

it('a program comes with the libraries that it loads', async () => {
  const files = await companions(['tar']);
  const paths = files.map(({ path }) => path);
  expect(paths[0]).toMatch(/\/tar$/);
  expect(paths.some((path) => /\/libc\.so\./.test(path))).toBe(true);
});

it('a file comes as it is', async () => {
  expect((await companions(['/etc/passwd'])).map(({ path }) => path)).toEqual(['/etc/passwd']);
});

it.each(['no-such-program', '/no/such/file'])('%s is asked for by its package', async (what) => {
  await expect(companions([what])).rejects.toThrow(ArtefactError);
});
