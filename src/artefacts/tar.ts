import { ArtefactError } from '../errors.ts';

/** A regular file, or with content null a directory or a symbolic link. */
export interface TarEntry {
  readonly path: string;
  readonly content: Buffer | null;
  readonly mode: number;
  /** Where the link leads. */
  readonly link?: string;
}

const block = 512;

/** A ustar archive whose bytes depend on nothing but the entries: no times, no users. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = entry.content ?? Buffer.alloc(0);
    return [header(entry, content.length), content, padding(content.length)];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

/** Regular files of an archive by path, without a leading "./". Refuses names that would leave a folder. */
export function untar(archive: Buffer): ReadonlyMap<string, TarEntry> {
  const files = new Map<string, TarEntry>();
  let offset = 0;
  while (offset + block <= archive.length && archive[offset] !== 0) {
    const head = archive.subarray(offset, offset + block);
    const size = octal(head, 124, 12);
    const start = offset + block;
    if (start + size > archive.length) throw new ArtefactError('the archive ends in the middle of a file');
    const type = String.fromCharCode(head[156] ?? 0);
    const prefix = head.subarray(257, 263).toString('latin1') === 'ustar\0' ? text(head, 345, 155) : '';
    const path = (prefix === '' ? '' : `${prefix}/`) + text(head, 0, 100);
    refuseEscape(path);
    if (type === '0' || type === '\0') {
      const name = path.replace(/^\.\//, '');
      files.set(name, {
        path: name,
        content: archive.subarray(start, start + size),
        mode: octal(head, 100, 8),
      });
    }
    offset = start + size + padding(size).length;
  }
  return files;
}

function header({ path, content, mode, link }: TarEntry, size: number): Buffer {
  const type = link !== undefined ? '2' : content === null ? '5' : '0';
  const head = Buffer.alloc(block);
  field(type === '5' ? `${path}/` : path).copy(head, 0);
  head.write(digits(mode, 7), 100);
  head.write(digits(0, 7), 108);
  head.write(digits(0, 7), 116);
  head.write(digits(size, 11), 124);
  head.write(digits(0, 11), 136);
  head.write('        ', 148); // the checksum counts itself as blanks
  head.write(type, 156);
  field(link ?? '').copy(head, 157);
  head.write('ustar\x0000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${digits(sum, 6)}\0 `, 148);
  return head;
}

function field(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > 100) throw new ArtefactError(`${path} is too long for a tar header`);
  return bytes;
}

function digits(value: number, width: number): string {
  const octals = value.toString(8).padStart(width, '0');
  if (octals.length > width) throw new ArtefactError(`${value} does not fit into a tar header`);
  return octals;
}

function padding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block);
}

function refuseEscape(path: string): void {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new ArtefactError(`the archive holds the path ${JSON.stringify(path)}, which leaves its folder`);
  }
}

function text(head: Buffer, start: number, length: number): string {
  const field = head.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('utf8');
}

function octal(head: Buffer, start: number, length: number): number {
  const digitsRead = text(head, start, length).trim();
  if (!/^[0-7]*$/.test(digitsRead)) throw new ArtefactError('the archive is damaged: a size is not a number');
  return digitsRead === '' ? 0 : Number.parseInt(digitsRead, 8);
}
