import { expect, it } from 'vitest';
import { companions } from '../../src/artefacts/companions.ts';
import { ArtefactError } from '../../src/errors.ts';

it('a program comes with the libraries that it loads', async () => {
  const files = await companions(['tar']);
  const paths = files.map(({ path }) => path);
  expect(paths[0]).toMatch(/\/tar$/);
  expect(paths.some((path) => /\/libc\.so\./.test(path))).toBe(true);
});

it('one that is not there is asked for by its package', async () => {
  await expect(companions(['no-such-program'])).rejects.toThrow(ArtefactError);
});
