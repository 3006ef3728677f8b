import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { HardwayError } from '../errors.ts';
import { writeError } from '../here.ts';
import { momentary } from '../state/momentary.ts';

/** A file that arrives as lines of base64. */
export interface Received {
  /** One line, whose length is a multiple of four; never throws. */
  take(base64: string): void;
  /**
   * Gives it its name when its bytes are those; returns how many. Throws HardwayError when they are not, or when
   * they could not be written.
   */
  keep(sha256: string): number;
  /** Leaves nothing behind of what was not kept. */
  discard(): void;
}

/** Written beside its place, 0600, and whole when it gets its name. */
export function received(file: string): Received {
  const temporary = join(dirname(file), `${momentary(basename(file))}${randomBytes(6).toString('hex')}`);
  const hash = createHash('sha256');
  let size = 0;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const handle = openSync(temporary, 'wx', 0o600);
  let isOpen = true;
  let failure: unknown;
  return {
    take(base64) {
      if (failure !== undefined) return;
      const bytes = Buffer.from(base64, 'base64');
      try {
        writeSync(handle, bytes);
      } catch (error) {
        failure = writeError(error, file, bytes.length);
      }
      hash.update(bytes);
      size += bytes.length;
    },
    keep(sha256) {
      if (failure !== undefined) throw failure;
      if (hash.digest('hex') !== sha256)
        throw new HardwayError('DAMAGED', `${file} did not arrive as it was sent; nothing was kept`);
      fsyncSync(handle);
      renameSync(temporary, file);
      return size;
    },
    discard() {
      if (isOpen) closeSync(handle);
      isOpen = false;
      rmSync(temporary, { force: true });
    },
  };
}
