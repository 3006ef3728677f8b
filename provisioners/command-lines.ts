import type { Cluster } from '../src/cluster/model.ts';
import { wantedBy } from './influences.ts';

/** How a program is started on the first machine that has it. */
export interface CommandLine {
  readonly machine: string;
  readonly program: string;
  /** Path of its unit file. */
  readonly unit: string;
  /** Without dashes, with their values. */
  readonly flags: ReadonlyMap<string, string>;
}

const UNITS = 'file:/etc/systemd/system/';

/** As the unit files say that the recipe writes. */
export function commandLines(cluster: Cluster): CommandLine[] {
  const seen = new Set<string>();
  return cluster.nodes.flatMap(({ name: machine }) =>
    wantedBy(cluster, machine).flatMap(({ resource: { id, text } }) => {
      if (!id.startsWith(UNITS) || text === undefined || seen.has(id)) return [];
      seen.add(id);
      return [{ machine, unit: text.path, ...startIn(text.wanted) }];
    }),
  );
}

function startIn(unit: string): Pick<CommandLine, 'program' | 'flags'> {
  const [, line = ''] = /^ExecStart=((?:.*\\\n)*.*)/m.exec(unit) ?? [];
  const words = line.replaceAll('\\\n', ' ');
  const flags = [...words.matchAll(/ --([a-z0-9-]+)(?:[= ](?!-)(\S+))?/g)];
  return {
    program: words.split(' ')[0]?.split('/').at(-1) ?? '',
    flags: new Map(flags.map(([, flag = '', value = '']) => [flag, value])),
  };
}
