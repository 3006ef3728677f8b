import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeError } from '../here.ts';
import { madeForAMoment, momentary } from '../state/momentary.ts';
import { downloadFile } from './download.ts';
import { progressOf, refuseOther, type FetchOptions } from './received.ts';
import { readRecord, sha256OfFile, writeRecord } from './record.ts';
import { publishedSumOf } from './releases.ts';

/** What had to be done: nothing, or a file was made where there was none, or in place of a damaged one. */
export type Done = 'there' | 'made' | 'replaced';

/** Sees to it that a program which was recorded as verified lies there unharmed; contacts nothing when it does. */
export async function keptProgram(file: string, make: (temporary: string) => Promise<string>): Promise<Done> {
  const found = await sumOf(file);
  if (found !== null && found === readRecord(file)?.sha256) return 'there';
  const sha256 = await inPlaceOf(file, make);
  writeRecord(file, sha256);
  return found === null ? 'made' : 'replaced';
}

/** Downloads one program and returns its sha256, which is the published one. Throws ArtefactError. */
export async function downloadProgram(url: string, file: string, options: FetchOptions): Promise<string> {
  const name = basename(new URL(url).pathname);
  const published = await publishedSumOf(
    { url, name, checksums: `${url}.sha256`, programs: [{ name, path: null }] },
    options,
  );
  const found = await downloadFile(url, file, options, progressOf(name, options.report));
  refuseOther(url, { published }, found);
  return found;
}

/** Puts the same program to another place; what lies there as it should be is left alone. */
export async function copyProgram(from: string, to: string): Promise<Done> {
  const [wanted, found] = await Promise.all([sha256OfFile(from), sumOf(to)]);
  if (wanted === found) return 'there';
  await inPlaceOf(to, async (temporary) => {
    await copyFile(from, temporary);
    return wanted;
  });
  return found === null ? 'made' : 'replaced';
}

/** A reader finds the old file or the whole new one. */
async function inPlaceOf(file: string, make: (temporary: string) => Promise<string>): Promise<string> {
  const temporary = join(dirname(file), `${momentary(basename(file))}${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(dirname(file), { recursive: true });
    await removeLeftBehind(file);
    const sha256 = await make(temporary);
    await chmod(temporary, 0o755);
    await flush(temporary);
    await rename(temporary, file);
    return sha256;
  } catch (error) {
    throw writeError(error, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What somebody began who was interrupted. */
async function removeLeftBehind(file: string): Promise<void> {
  const begun = (await readdir(dirname(file))).filter((name) => name.startsWith(`.${basename(file)}.`));
  const left = begun.filter((name) => madeForAMoment(name) === 'left behind');
  await Promise.all(left.map((name) => rm(join(dirname(file), name), { force: true })));
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync();
  await file.close();
}

async function sumOf(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() ? sha256OfFile(file) : null;
}
