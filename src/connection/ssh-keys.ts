import { readFile, stat } from 'node:fs/promises';
import ssh2, { type ParsedKey } from 'ssh2';
import { ConnectionError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';

export interface LoadedKey {
  readonly file: string;
  readonly key: ParsedKey;
}

/** Opens the private keys that are protected; asked only when there is one. */
export type Passphrase = () => Promise<string>;

/** By file and state of the file: the same key opens all machines of a fleet. */
const loaded = new Map<string, ParsedKey>();

/** Reads one private key; it must be there, ours alone, and usable. */
export async function loadKey(label: string, file: string, passphrase?: Passphrase): Promise<LoadedKey> {
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
    if (mode & 0o077 && process.platform !== 'win32')
      throw refused('can be read by others', `chmod 600 ${file}`);
    state = [file, ino, size, mtimeMs, ctimeMs].join(' ');
    const key = loaded.get(state);
    if (key !== undefined) return { file, key };
    content = await readFile(file);
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refused(missing ? 'does not exist' : 'cannot be read');
  }
  let key = ssh2.utils.parseKey(content);
  if (isLocked(key)) {
    if (passphrase === undefined) throw refused('is protected by a passphrase', unlocking);
    const word = await passphrase();
    registerSecret(word);
    key = ssh2.utils.parseKey(content, word);
    if (key instanceof Error) throw refused('is not opened by the passphrase given');
  }
  if (key instanceof Error) throw refused(`is not a private key: ${key.message}`);
  loaded.set(state, key);
  return { file, key };
}

const unlocking =
  'Give it to an agent (ssh-add), or say where the passphrase comes from: "passphrase" in cluster.json.';

const isLocked = (key: ParsedKey | Error): key is Error =>
  key instanceof Error && /passphrase|encrypted/i.test(key.message);

/** The public half that lies beside a private key; null when none does. */
export async function publicHalf(file: string): Promise<Buffer | null> {
  const text = await readFile(`${file}.pub`, 'utf8').catch(() => '');
  const [, base64] = text.trim().split(/\s+/);
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}
