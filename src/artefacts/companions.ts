import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ArtefactError } from '../errors.ts';
import { $ } from '../shell.ts';
import type { ImageFile } from './image.ts';
import type { Group, ImageRecipe } from './lock.ts';

type Companions = Pick<ImageRecipe, 'with' | 'names'>;

/**
 * Programs of this computer, each with all that it loads and its further names, and files by their path, where all of it
 * lies here.
 */
export async function companions({
  with: programs = [],
  names = {},
}: Companions): Promise<readonly ImageFile[]> {
  const found = await Promise.all(
    programs.map(async (program) => {
      const [path = '', ...loaded] = await filesBehind(program);
      return [path, ...loaded].map(copy).concat((names[program] ?? []).map((name) => link(path, name)));
    }),
  );
  return found.flat();
}

/** Says what is missing here before anything is compiled. */
export async function requireCompanions(groups: readonly Group[]): Promise<void> {
  const files = groups.flatMap((group) => group.files);
  await Promise.all(
    files.flatMap((file) => (file.kind === 'image' ? (file.image.with ?? []) : [])).map(located),
  );
}

const copy = (path: string): ImageFile => ({ path, content: { file: path }, mode: 0o755 });

const link = (path: string, name: string): ImageFile => ({
  ...{ path: join(dirname(path), name), content: { link: basename(path) }, mode: 0o777 },
});

async function filesBehind(program: string): Promise<readonly string[]> {
  const path = await located(program);
  if (program.startsWith('/')) return [path];
  const libraries = await librariesOf(path);
  const more = program === 'xtables-nft-multi' ? extensions(libraries) : [];
  return [path, ...libraries, ...more, ...(await librariesOf(...more))];
}

async function located(program: string): Promise<string> {
  const isFile = program.startsWith('/') && existsSync(program);
  const path = isFile ? program : (await ask`command -v ${program}`).stdout.trim();
  if (path === '') throw missing(program);
  return path;
}

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
const ask = $({ nothrow: true, env: { ...process.env, PATH } });

const librariesOf = async (...files: readonly string[]): Promise<readonly string[]> =>
  files.length === 0 ? [] : ((await ask`ldd ${files}`).stdout.match(/\/\S+(?= \()/g) ?? []);

/** What a rule of iptables says is known to files that are loaded when it says so; they lie beside their library. */
export function extensions(libraries: readonly string[]): readonly string[] {
  const library = libraries.find((path) => basename(path).startsWith('libxtables.'));
  if (library === undefined) return [];
  const folder = join(dirname(realpathSync(library)), 'xtables');
  return readdirSync(folder).map((name) => join(folder, name));
}

const missing = (what: string): ArtefactError =>
  new ArtefactError(`${what} is missing on this computer; an image needs it`, {
    remedy: `Install it: on Debian, apt-get install ${PACKAGES[what] ?? what}.`,
  });

/** Where the package has another name. */
const PACKAGES: Readonly<Record<string, string>> = {
  nft: 'nftables',
  'xtables-nft-multi': 'iptables',
  '/etc/protocols': 'netbase',
};
