import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { companions, extensions, requireCompanions } from '../../src/artefacts/companions.ts';
import type { Group } from '../../src/artefacts/lock.ts';
import { ArtefactError } from '../../src/errors.ts';
import { scratch } from './workbench.ts';

it('a program comes with the libraries that it loads', async () => {
  const files = await companions({ with: ['tar'] });
  const paths = files.map(({ path }) => path);
  expect(paths[0]).toMatch(/\/tar$/);
  expect(paths.some((path) => /\/libc\.so\./.test(path))).toBe(true);
});

it('a program comes under its further names, too', async () => {
  const files = await companions({ with: ['tar', 'sh'], names: { tar: ['untar'] } });
  const [tar] = files;
  expect(files.filter(({ content }) => 'link' in content)).toEqual([
    { path: join(dirname(tar?.path ?? ''), 'untar'), content: { link: 'tar' }, mode: 0o777 },
  ]);
});

it('a file comes as it is', async () => {
  expect((await companions({ with: ['/etc/passwd'] })).map(({ path }) => path)).toEqual(['/etc/passwd']);
});

it('what rules of iptables call for lies beside its library', () => {
  const folder = scratch();
  mkdirSync(join(folder, 'lib', 'xtables'), { recursive: true });
  for (const name of ['libxtables.so.12.7', 'xtables/libxt_comment.so'])
    writeFileSync(join(folder, 'lib', name), '');
  symlinkSync('lib/libxtables.so.12.7', join(folder, 'libxtables.so.12'));
  expect(extensions(['/lib/libc.so.6', join(folder, 'libxtables.so.12')])).toEqual([
    join(folder, 'lib/xtables/libxt_comment.so'),
  ]);
});

it.each(['no-such-program', '/no/such/file'])('%s is asked for by its package', async (what) => {
  await expect(companions({ with: [what] })).rejects.toThrow(ArtefactError);
  const image = { reference: 'example.org/a:1', program: '/a', with: ['sh', what] };
  const groups = [{ files: [{ name: 'image:a', kind: 'image', image }] }] as unknown as Group[];
  await expect(requireCompanions(groups)).rejects.toThrow(`${what} is missing on this computer`);
});
