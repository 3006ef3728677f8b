import { createHash } from 'node:crypto';
import { Refusal } from './refusal.ts';

export interface Entry {
  readonly type: 'regular file' | 'directory';
  readonly mode: number;
  readonly owner: string;
  /** Empty for folders. */
  readonly sha256: string;
  readonly size: number;
  /** null: only the digest is kept (folders, programs). */
  readonly bytes: Buffer | null;
  readonly inode: number;
  /** Counts writes of content, and of anything. */
  readonly mtime: number;
  readonly ctime: number;
}

/** Bytes, or what is known of bytes that nobody reads here. */
export type Content = Buffer | { readonly sha256: string; readonly size: number };

export const sha256Of = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');

const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Text that no program understands: what `damage` makes of a file. */
export const DAMAGED = '# edited by somebody\n';

/** Files and folders of one machine by absolute path. */
export class Disk {
  readonly #entries = new Map<string, Entry>();
  /** Inodes and times: never the same twice. */
  #clock = 0;

  constructor() {
    this.makeDirectory('/');
  }

  get(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  text(path: string): string {
    return this.#entries.get(path)?.bytes?.toString() ?? '';
  }

  /** There, and not damaged: a program can read it. */
  sound(path: string): boolean {
    const entry = this.#entries.get(path);
    return entry?.type === 'regular file' && !this.text(path).includes(DAMAGED);
  }

  paths(): string[] {
    return [...this.#entries.keys()];
  }

  below(folder: string): string[] {
    return this.paths().filter((path) => path.startsWith(`${folder}/`));
  }

  /** A new inode at the path, as `mv` of a temporary file makes it; missing folders above are made. */
  write(path: string, content: Content, mode: number, owner: string): void {
    if (this.get(path)?.type === 'directory') throw new Refusal(1, `${path} is a directory`);
    this.makeDirectory(parentOf(path));
    const bytes = Buffer.isBuffer(content) ? content : null;
    const { sha256, size } = Buffer.isBuffer(content)
      ? { sha256: sha256Of(content), size: content.length }
      : content;
    const now = this.#tick();
    this.#entries.set(path, {
      ...{ type: 'regular file', mode, owner, sha256, size, bytes },
      ...{ inode: now, mtime: now, ctime: now },
    });
  }

  /** Text written into the file that is there (or a new one with mode 0644), as `>` does. */
  overwrite(path: string, content: string): void {
    const { mode = 0o644, owner = 'root:root' } = this.get(path) ?? {};
    this.write(path, Buffer.from(content), mode, owner);
  }

  /** Makes it and all above it; what is there stays as it is. */
  makeDirectory(path: string): void {
    const there = this.get(path);
    if (there?.type === 'directory') return;
    if (there !== undefined) throw new Refusal(1, `${path} is no directory`);
    if (path !== '/') this.makeDirectory(parentOf(path));
    const now = this.#tick();
    this.#entries.set(path, {
      ...{ type: 'directory', mode: 0o755, owner: 'root:root', sha256: '', size: 0, bytes: null },
      ...{ inode: now, mtime: now, ctime: now },
    });
  }

  setRights(path: string, rights: { readonly mode?: number; readonly owner?: string }): void {
    const entry = this.get(path);
    if (entry === undefined) throw new Refusal(1, `${path}: no such file or directory`);
    this.#entries.set(path, { ...entry, ...rights, ctime: this.#tick() });
  }

  /** With everything below it; nothing there is no mistake. */
  remove(path: string): void {
    if (!this.#entries.delete(path)) return;
    for (const inside of this.below(path)) this.#entries.delete(inside);
  }

  /** As `stat -c %i:%s:%.Y:%.Z`. */
  identity(path: string): string {
    const entry = this.get(path);
    return entry === undefined ? '' : `${entry.inode}:${entry.size}:${entry.mtime}:${entry.ctime}`;
  }

  #tick(): number {
    this.#clock += 1;
    return this.#clock;
  }
}
