import { createHash } from 'node:crypto';
import { sh } from '../connection/quote.ts';
import type { Batch, Resource, State } from '../engine/resource.ts';

/** One `stat` and one `sha256sum` for all files and folders of a machine. */
const paths: Batch = {
  name: 'file',
  script: (asks) => sh`stat -c 'is|%F|%a|%U:%G|%n' -- ${asks} 2>/dev/null
sha256sum -- ${asks} 2>/dev/null
true`,
  answers: (output, asks) => {
    const stats = new Map<string, string>();
    const sums = new Map<string, string>();
    for (const line of output.split('\n')) {
      const stat = /^is\|([^|]*)\|([^|]*)\|([^|]*)\|(.*)$/.exec(line);
      if (stat) stats.set(stat[4] ?? '', `${stat[1]}|${stat[2]}|${stat[3]}`);
      const sum = /^([0-9a-f]{64}) [ *](.*)$/.exec(line);
      if (sum) sums.set(sum[2] ?? '', sum[1] ?? '');
    }
    return asks.map((path) => (stats.has(path) ? `${stats.get(path)}|${sums.get(path) ?? ''}` : null));
  },
};

function parsePath(answer: string | null): State | null {
  if (answer === null) return null;
  const [type = '', mode = '', owner = '', sha256 = ''] = answer.split('|');
  return {
    type: type === 'regular empty file' ? 'regular file' : type,
    mode: mode.padStart(4, '0'),
    owner,
    sha256,
  };
}

export interface FileOptions {
  /** Default 0644. */
  readonly mode?: number;
  /** user:group; default root:root. */
  readonly owner?: string;
  readonly secret?: boolean;
  readonly why?: string;
}

export interface FileResource extends Resource {
  readonly path: string;
  readonly sha256: string;
}

/** A file with exactly these bytes, mode and owner. */
export function file(path: string, content: string, options: FileOptions = {}): FileResource {
  const { mode = options.secret ? 0o600 : 0o644, owner = 'root:root', secret = false } = options;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    id: `file:${path}`,
    path,
    sha256,
    desired: { type: 'regular file', mode: octal(mode), owner, sha256 },
    question: { batch: paths, ask: path, parse: parsePath },
    steps: () => [{ put: path, content, mode, owner }],
    secret,
    ...(secret ? {} : { text: { path, wanted: content } }),
    ...(options.why === undefined ? {} : { why: options.why }),
  };
}

/** A folder with this mode and owner; what is in it is not looked at. */
export function directory(path: string, options: { mode?: number; owner?: string } = {}): Resource {
  const { mode = 0o755, owner = 'root:root' } = options;
  const [user = 'root', group = 'root'] = owner.split(':');
  return {
    id: `directory:${path}`,
    desired: { type: 'directory', mode: octal(mode), owner },
    question: { batch: paths, ask: path, parse: parsePath },
    steps: () => [{ run: sh`install -d -m ${octal(mode)} -o ${user} -g ${group} ${path}` }],
  };
}

/** Nothing at this path. */
export function absent(path: string): Resource {
  return {
    id: `file:${path}`,
    desired: null,
    question: { batch: paths, ask: path, parse: parsePath },
    steps: () => [{ remove: path }],
  };
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
