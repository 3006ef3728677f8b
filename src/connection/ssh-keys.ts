import { readFile, stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { ConnectionError } from '../errors.ts';

export interface LoadedKey {
  readonly file: string;
  readonly key: ParsedKey;
}

/** By file and state of the file: the same key opens all machines of a fleet. */
const loaded = new Map<string, ParsedKey>();

/** Reads the private keys; every one must be there, ours alone, and usable without asking. */
export function loadKeys(label: string, files: readonly string[]): Promise<LoadedKey[]> {
  return Promise.all(files.map((file) => loadKey(label, file)));
}

async function loadKey(label: string, file: string): Promise<LoadedKey> {
  const refused = (why: string, remedy?: string) =>
    new ConnectionError(
      'authentication',
      `${label}: the private key ${file} ${why}`,
      remedy ? { remedy } : {},
    );
  let content: Buffer;
  let state: string;
  try {
    const { mode, ino, size, mtimeMs, ctimeMs } = await stat(file);
    if (mode & 0o077) throw refused('can be read by others', `chmod 600 ${file}`);
    state = [file, ino, size, mtimeMs, ctimeMs].join(' ');
    const key = loaded.get(state);
    if (key !== undefined) return { file, key };
    content = await readFile(file);
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refused(missing ? 'does not exist' : 'cannot be read');
  }
  const parsed = ssh2.utils.parseKey(content);
  if (parsed instanceof Error) {
    const locked = /passphrase|encrypted/i.test(parsed.message);
    throw refused(locked ? 'is protected by a passphrase' : `is not a private key: ${parsed.message}`);
  }
  loaded.set(state, parsed);
  return { file, key: parsed };
}
