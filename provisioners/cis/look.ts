import { parsed } from './parsed.ts';
import type { Cluster, Node } from '../../src/cluster/model.ts';

/** What one machine showed. */
export interface Look {
  readonly cluster: Cluster;
  readonly node: Node;
  /** Shares the host's kernel. */
  readonly container: boolean;
  /** By program; of those that run. */
  readonly processes: ReadonlyMap<string, Process>;
  readonly files: readonly Entry[];
  /** Configuration files by path, without secrets. */
  readonly documents: ReadonlyMap<string, unknown>;
  /** What kubelets go by, as they say themselves; of all machines, on the one that was asked for it. */
  readonly kubelets: ReadonlyMap<string, Tree>;
  /** Answers to single questions by name, line by line. */
  readonly said: (name: string) => readonly string[];
}

export interface Process {
  readonly user: string;
  /** Bytes a core dump may have, "0" or "unlimited". */
  readonly core: string;
  /** By name without dashes; a bare flag is "true". The last one of several counts. */
  readonly flags: ReadonlyMap<string, string>;
}

export interface Entry {
  readonly path: string;
  readonly mode: number;
  /** user:group */
  readonly owner: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/** Understands what the question of question.ts printed. */
export function lookAt(cluster: Cluster, node: Node, output: string): Look {
  const answers = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const middle = line.indexOf('=');
    if (middle < 0) continue;
    const [key, value] = [line.slice(0, middle), line.slice(middle + 1)];
    answers.set(key, [...(answers.get(key) ?? []), value]);
  }
  const said = (name: string): readonly string[] => answers.get(name) ?? [];
  return {
    ...{ cluster, node, said },
    container: !['none', ''].includes(said('container')[0] ?? ''),
    processes: new Map(said('process').map((line) => processIn(line, said('argument')))),
    files: said('file').map(entryIn),
    documents: new Map(said('document').map(documentIn)),
    kubelets: new Map(said('kubelet').flatMap(kubeletIn)),
  };
}

/** `etcd etcd 0`: program, user, size of a core dump; arguments are lines of their own, `etcd --name=master`. */
function processIn(line: string, all: readonly string[]): [string, Process] {
  const [program = '', user = '', core = ''] = line.split(' ');
  const own = all.filter((one) => one.startsWith(`${program} `)).map((one) => one.slice(program.length + 1));
  return [program, { user, core, flags: flagsIn(own) }];
}

/** `--name=value`, `--name value` and `--name` alone, as Go's flags are written. */
function flagsIn(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  words.forEach((word, index) => {
    const [, name, value] = /^--?([^=-][^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (name === undefined) return;
    const next = words[index + 1];
    flags.set(name, value ?? (next === undefined || next.startsWith('-') ? 'true' : next));
  });
  return flags;
}

const kinds: Readonly<Record<string, Entry['kind']>> = { f: 'file', d: 'directory' };

/** `600 root:root f /etc/kubernetes/admin.conf` */
function entryIn(line: string): Entry {
  const [mode = '', owner = '', kind = '', ...path] = line.split(' ');
  return { path: path.join(' '), mode: Number.parseInt(mode, 8), owner, kind: kinds[kind] ?? 'other' };
}

/** `<path> <content in base64>`; what cannot be read as YAML or JSON is as good as nothing. */
function documentIn(line: string): [string, unknown] {
  const [path = '', base64 = ''] = line.split(' ');
  return [path, parsed(Buffer.from(base64, 'base64').toString())];
}

/** `<machine> <answer of /configz>`; nothing when it did not answer. */
function kubeletIn(line: string): [string, Tree][] {
  const middle = line.indexOf(' ');
  const configuration = tree(tree(parsed(line.slice(middle + 1)))['kubeletconfig']);
  return Object.keys(configuration).length === 0 ? [] : [[line.slice(0, middle), configuration]];
}

/** Any object, for looking into it. */
export type Tree = Readonly<Record<string, unknown>>;
export const tree = (value: unknown): Tree =>
  typeof value === 'object' && value !== null ? (value as Tree) : {};
