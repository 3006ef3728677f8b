import { existsSync } from 'node:fs';
import { $ } from 'zx';
import { ArtefactError } from '../errors.ts';
import type { ImageFile } from './image.ts';

/** Programs of this computer, each with the libraries that it loads, and files by their path, where all of it lies here. */
export async function companions(programs: readonly string[]): Promise<readonly ImageFile[]> {
  const found = await Promise.all(programs.map(filesBehind));
  const paths = [...new Set(found.flat())];
  return paths.map((path) => ({ path, content: { file: path }, mode: 0o755 }));
}

async function filesBehind(program: string): Promise<readonly string[]> {
  if (program.startsWith('/')) {
    if (existsSync(program)) return [program];
    throw missing(program);
  }
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const ask = $({ quiet: true, nothrow: true, env: { ...process.env, PATH } });
  const path = (await ask`command -v ${program}`).stdout.trim();
  if (path === '') throw missing(program);
  const libraries = await ask`ldd ${path}`;
  return [path, ...(libraries.stdout.match(/\/\S+/g) ?? [])];
}

const missing = (what: string): ArtefactError =>
  new ArtefactError(`${what} is missing on this computer; an image needs it`, {
    remedy: `Install it: on Debian, apt-get install ${PACKAGES[what] ?? what}.`,
  });

/** Where the package has another name. */
const PACKAGES: Readonly<Record<string, string>> = { nft: 'nftables', '/etc/protocols': 'netbase' };
