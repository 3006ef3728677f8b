/** What is wrong in a description, where, and how it is said. */

export type Path = readonly (string | number)[];

/** A problem that knows its place in the data, not yet in the text. */
export interface Finding {
  readonly path: Path;
  /** What of the path is pointed at: the key or the value. */
  readonly at: 'key' | 'value';
  /** Where in the text, when the path alone does not tell (the second of two equal keys). */
  readonly offset?: number;
  readonly message: string;
  readonly allowed?: string;
  readonly suggestion?: string;
}

export interface Problem {
  /** "cluster.json:12:7"; "--set" or the variable for an override. */
  readonly where: string;
  /** 1-based; null for an override. */
  readonly line: number | null;
  readonly column: number | null;
  /** "nodes[1].count"; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly allowed?: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** One line: `cluster.json:12:7 nodes[1].cuont: unknown key; did you mean "count"?; allowed: …` */
export function problemLine(problem: Problem): string {
  const place = problem.path === '' ? problem.where : `${problem.where} ${problem.path}`;
  const meant = problem.suggestion === undefined ? '' : `; did you mean ${quoted(problem.suggestion)}?`;
  const allowed = problem.allowed === undefined ? '' : `; allowed: ${problem.allowed}`;
  return `${place}: ${problem.message}${meant}${allowed}`;
}

/** A path as people write it: nodes[1].labels["example.org/rack"]. */
export function printPath(path: Path): string {
  return path.map(printStep).join('').replace(/^\./, '');
}

function printStep(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[A-Za-z_$][\w$-]{0,63}$/.test(step) ? `.${step}` : `[${quoted(step)}]`;
}

/** A value in double quotes or as JSON, cut to 60 characters, nothing in it that could steer a terminal. */
export function quoted(value: unknown): string {
  const json = JSON.stringify(value) ?? 'nothing';
  const short = json.length > 60 ? `${json.slice(0, 57)}…` : json;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

export function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => path[index] === step);
}
