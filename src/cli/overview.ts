import type { NodeStatus } from './product.ts';

/** One thing that was looked at, before causes are told from consequences. */
export interface Line {
  /** Stable, for programs: "component/master/etcd". */
  readonly id: string;
  /** Under which it is shown: "components". */
  readonly group: string;
  /** For people: "etcd on master". */
  readonly what: string;
  /** unknown: it could not be asked. */
  readonly is: 'well' | 'wrong' | 'unknown';
  /** What is there. */
  readonly found: string;
  /** What mends it, when it is wrong by itself. */
  readonly remedy?: string;
  /** Ids of lines without which it cannot be well. */
  readonly needs?: readonly string[];
}

/** follows: it is not well because of another line, `from`, which is wrong by itself. */
export type Ranked = Omit<Line, 'is' | 'needs'> & {
  readonly is: 'well' | 'wrong' | 'follows' | 'unknown';
  readonly from?: string;
};

export interface Overview {
  readonly nodes: readonly (NodeStatus & {
    /** Seconds since it was started. */ readonly up: number | null;
  })[];
  /** Causes stand before what depends on them. */
  readonly lines: readonly Line[];
  /** What a group comes to when all of it is well, by its name. */
  readonly sums: Readonly<Record<string, string>>;
}

/** Tells causes from consequences: what is not well and needs something that is not well itself only follows from it. */
export function ranked(lines: readonly Line[]): Ranked[] {
  const byId = new Map(lines.map((line) => [line.id, line]));
  const roots = new Map<string, string | null>();
  // The first cause of a line; itself when there is none before it; null when it is well.
  const rootOf = (line: Line): string | null => {
    const known = roots.get(line.id);
    if (known !== undefined) return known;
    roots.set(line.id, line.is === 'well' ? null : line.id);
    if (line.is === 'well') return null;
    for (const id of line.needs ?? []) {
      const need = byId.get(id);
      const root = need === undefined ? null : rootOf(need);
      if (root !== null && byId.get(root)?.is === 'wrong') {
        roots.set(line.id, root);
        return root;
      }
    }
    return line.id;
  };
  return lines.map((line) => {
    const root = rootOf(line);
    const { needs: _, ...shown } = line;
    return root === null || root === line.id ? shown : { ...shown, is: 'follows', from: root };
  });
}
