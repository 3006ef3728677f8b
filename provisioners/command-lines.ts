import { parse } from 'yaml';
import type { Cluster } from '../src/cluster/model.ts';
import { wantedBy } from './influences.ts';
import { MANIFESTS } from './resources/static-pod.ts';

/** How a program is started on the first machine that has it. */
export interface CommandLine {
  readonly machine: string;
  readonly program: string;
  /** Path of its unit file, or of its pod's. */
  readonly file: string;
  /** Without dashes, with their values. */
  readonly flags: ReadonlyMap<string, string>;
}

type Words = (text: string) => readonly string[];

/** Where command lines are, and how each kind of file says its words. */
const KINDS: readonly (readonly [folder: string, words: Words])[] = [
  ['/etc/systemd/system', wordsOfUnit],
  [MANIFESTS, wordsOfPod],
];

/** As the unit files and static pods say that the recipe writes. */
export function commandLines(cluster: Cluster): CommandLine[] {
  const seen = new Set<string>();
  return cluster.nodes.flatMap(({ name: machine }) =>
    wantedBy(cluster, machine).flatMap(({ resource: { id, text } }) => {
      const kind = KINDS.find(([folder]) => id.startsWith(`file:${folder}/`));
      if (kind === undefined || text === undefined || seen.has(id)) return [];
      seen.add(id);
      const [program = '', ...rest] = kind[1](text.wanted);
      return [{ machine, file: text.path, program: program.split('/').at(-1) ?? '', flags: flagsIn(rest) }];
    }),
  );
}

function wordsOfUnit(text: string): string[] {
  const [, line = ''] = /^ExecStart=((?:.*\\\n)*.*)/m.exec(text) ?? [];
  return line.replaceAll('\\\n', ' ').split(/\s+/);
}

function wordsOfPod(text: string): string[] {
  const { spec } = parse(text) as {
    spec?: { containers?: { command?: readonly string[]; args?: readonly string[] }[] };
  };
  const [first] = spec?.containers ?? [];
  return [...(first?.command ?? []), ...(first?.args ?? [])];
}

function flagsIn(words: readonly string[]): Map<string, string> {
  const flags = [...` ${words.join(' ')}`.matchAll(/ --([a-z0-9-]+)(?:[= ](?!-)(\S+))?/g)];
  return new Map(flags.map(([, flag = '', value = '']) => [flag, value]));
}
