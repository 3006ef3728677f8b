import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ArtefactError } from '../errors.ts';
import { untar } from './tar.ts';

type Members = ReturnType<typeof untar>;

const unpackedLimit = 1 << 30;

/** The files of a .tar.gz by path; `name` is what an error calls it. */
export async function unpack(file: string, name: string): Promise<Members> {
  try {
    return untar(await promisify(gunzip)(await readFile(file), { maxOutputLength: unpackedLimit }));
  } catch (error) {
    throw new ArtefactError(`${name} cannot be unpacked`, { evidence: [String(error)] });
  }
}

export function memberOf(members: Members, path: string, name: string): Buffer {
  const content = members.get(path)?.content;
  if (!content) throw new ArtefactError(`${name} holds no ${path}`, { evidence: [...members.keys()] });
  return content;
}
