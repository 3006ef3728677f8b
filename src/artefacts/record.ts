import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What is known of a file in the cache; kept beside it as <file>.sha256, which `sha256sum -c` reads too. */
export interface Recorded {
  /** Lower-case hex, as computed when the file was made. */
  readonly sha256: string;
  /** Device, inode, size, mtime and ctime at the moment the digest was last computed. */
  readonly stamp: string;
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/** undefined when there is no file. */
export function stampOf(file: string): string | undefined {
  const seen = statSync(file, { bigint: true, throwIfNoEntry: false });
  return seen && [seen.dev, seen.ino, seen.size, seen.mtimeNs, seen.ctimeNs].join(' ');
}

/** undefined when there is no readable record. */
export function readRecord(file: string): Recorded | undefined {
  let text: string;
  try {
    text = readFileSync(`${file}.sha256`, 'utf8');
  } catch {
    return undefined;
  }
  const [, sha256] = /^([0-9a-f]{64}) {2}/.exec(text) ?? [];
  const [, stamp] = /^# device inode size mtime ctime: (.*)$/m.exec(text) ?? [];
  return sha256 === undefined ? undefined : { sha256, stamp: stamp ?? '' };
}

/** Records a digest together with the file's present stamp. */
export function writeRecord(file: string, sha256: string): void {
  const temporary = `${file}.sha256.${process.pid}`;
  const text = `${sha256}  ${basename(file)}\n# device inode size mtime ctime: ${stampOf(file)}\n`;
  writeFileSync(temporary, text, { flush: true });
  renameSync(temporary, `${file}.sha256`);
}
