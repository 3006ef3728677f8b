import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { StateError } from '../errors.ts';
import { writeAtomic } from '../state/write-atomic.ts';

/** The host keys we have seen, in OpenSSH's format, readable by `ssh -o UserKnownHostsFile=`. */
export interface KnownHosts {
  /** Where they are written, for people. */
  readonly file: string;
  /** Keys recorded for this endpoint; none means first contact. */
  load(host: string, port: number): Promise<HostKey[]>;
  record(host: string, port: number, key: Buffer): Promise<void>;
  /** Forgets the endpoint's keys; returns whether there were any. */
  forget(host: string, port: number): Promise<boolean>;
}

export interface HostKey {
  /** "ssh-ed25519" … */
  readonly type: string;
  /** The public key in SSH's wire format. */
  readonly key: Buffer;
}

/** "SHA256:…", as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

export function knownHosts(file: string): KnownHosts {
  const entries = remembering(file);
  // Many machines are met at once: one change of the file at a time.
  let turn: Promise<unknown> = Promise.resolve();

  function change<T>(edit: (lines: string[]) => { lines: string[]; answer: T }): Promise<T> {
    const mine = turn.then(async () => {
      const before = await readLines(file);
      const { lines, answer } = edit(before);
      if (lines.length !== before.length) await writeAtomic(file, lines.map((line) => `${line}\n`).join(''));
      return answer;
    });
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    file,
    async load(host, port) {
      return (await entries()).get(name(host, port)) ?? [];
    },
    record: (host, port, key) =>
      change((lines) => {
        const line = `${name(host, port)} ${keyType(key)} ${key.toString('base64')}`;
        return { lines: lines.includes(line) ? lines : [...lines, line], answer: undefined };
      }),
    forget: (host, port) =>
      change((lines) => {
        const kept = lines.filter((line, i) => parse(line, `${file}:${i + 1}`).name !== name(host, port));
        return { lines: kept, answer: kept.length < lines.length };
      }),
  };
}

type Entries = ReadonlyMap<string, HostKey[]>;

/** The file by names, read again only when it has changed: each of five hundred machines asks for it. */
function remembering(file: string): () => Promise<Entries> {
  let known: { readonly state: string; readonly entries: Promise<Entries> } | undefined;
  return async () => {
    const state = await stateOf(file);
    if (known?.state !== state) known = { state, entries: readEntries(file) };
    return known.entries;
  };
}

/** It is only ever replaced as a whole, so another file has another inode or time. */
async function stateOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return [ino, size, mtimeNs].join(' ');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

async function readEntries(file: string): Promise<Entries> {
  const entries = new Map<string, HostKey[]>();
  for (const [index, line] of (await readLines(file)).entries()) {
    const { name, ...key } = parse(line, `${file}:${index + 1}`);
    entries.set(name, [...(entries.get(name) ?? []), key]);
  }
  return entries;
}

/** OpenSSH looks a machine on port 22 up by its bare name. */
function name(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** The wire format begins with the length and the name of the key's type. */
function keyType(key: Buffer): string {
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

async function readLines(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8'))
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** A line we cannot read could be the key that protects us: refused, not ignored. */
function parse(line: string, where: string): HostKey & { name: string } {
  const [host, type, base64, ...rest] = line.trim().split(/\s+/);
  const key = Buffer.from(base64 ?? '', 'base64');
  const readable = host && type && !host.startsWith('@') && rest.length === 0 && key.length > 4;
  if (!readable || keyType(key) !== type) {
    throw new StateError(`${where} is not a host key line`, {
      remedy: 'Restore the file, or remove that line to meet the machine as if for the first time.',
    });
  }
  return { name: host, type, key };
}
