import { $ } from 'zx';
import { ArtefactError } from '../errors.ts';
import type { ImageFile } from './image.ts';

/** Programs of this computer, each with the libraries that it loads, at the places where both lie here. */
export async function companions(programs: readonly string[]): Promise<readonly ImageFile[]> {
  const found = await Promise.all(programs.map(filesBehind));
  const paths = [...new Set(found.flat())];
  return paths.map((path) => ({ path, content: { file: path }, mode: 0o755 }));
}

async function filesBehind(program: string): Promise<readonly string[]> {
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const ask = $({ quiet: true, nothrow: true, env: { ...process.env, PATH } });
  const path = (await ask`command -v ${program}`).stdout.trim();
  if (path === '') {
    throw new ArtefactError(`${program} is missing on this computer; an image needs it`, {
      remedy: `Install it: on Debian, apt-get install ${PACKAGES[program] ?? program}.`,
    });
  }
  const libraries = await ask`ldd ${path}`;
  return [path, ...(libraries.stdout.match(/\/\S+/g) ?? [])];
}

/** Where the package has another name. */
const PACKAGES: Readonly<Record<string, string>> = { nft: 'nftables' };
