/** Scripts recognised by their own text: literal, with holes for what differs. Nothing is guessed. */

export interface Hole {
  readonly pattern: string;
  read(found: string): string;
}

const oneWord = String.raw`(?:[A-Za-z0-9_@%+:,./-]|\\'|'[^']*')+`;

/** One word as `quote` writes it; handed on as the text it stands for. */
export const word: Hole = { pattern: oneWord, read: unquote };
/** None, one or several words; `wordsOf` takes them apart. */
export const words: Hole = { pattern: `(?:${oneWord}(?: ${oneWord})*)?`, read: (found) => found };
/** Anything, as little as possible: a heredoc, another script. */
export const text: Hole = { pattern: String.raw`[\s\S]*?`, read: (found) => found };

export interface Shape {
  readonly pattern: RegExp;
  readonly holes: readonly Hole[];
}

/** shape`sysctl -q -w ${word}`: that text, alone on its lines, with one word in it. A string is taken literally. */
export function shape(pieces: TemplateStringsArray, ...holes: readonly (Hole | string)[]): Shape {
  const source = pieces.map((piece, index) => {
    const hole = holes[index];
    if (hole === undefined) return escaped(piece);
    return escaped(piece) + (typeof hole === 'string' ? escaped(hole) : `(${hole.pattern})`);
  });
  return {
    pattern: new RegExp(`${source.join('')}(?=\\n|$)`, 'y'),
    holes: holes.filter((hole) => typeof hole !== 'string'),
  };
}

const escaped = (literal: string): string => literal.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A row of a table: what is recognised, and what it does. */
export interface Known<On, Made> {
  readonly shape: Shape;
  act(on: On, ...found: string[]): Made;
}

export interface Call<On, Made> {
  readonly script: string;
  make(on: On): Made;
}

/** Thrown for what no row knows: the model has no opinion on scripts it does not understand. */
export class UnknownScript extends Error {
  override readonly name = 'UnknownScript';
}

/** Takes a script apart into rows of the table, one after another; throws UnknownScript at the first that is none. */
export function callsIn<On, Made>(
  what: string,
  table: readonly Known<On, Made>[],
  script: string,
): Call<On, Made>[] {
  const calls: Call<On, Made>[] = [];
  for (let at = 0; at < script.length;) {
    if (script[at] === '\n') {
      at += 1;
      continue;
    }
    const found = firstAt(table, script, at);
    if (found === null) throw new UnknownScript(`the model knows no such ${what}:\n${script.slice(at)}`);
    calls.push(found);
    at += found.script.length;
  }
  return calls;
}

function firstAt<On, Made>(
  table: readonly Known<On, Made>[],
  script: string,
  at: number,
): Call<On, Made> | null {
  for (const { shape: known, act } of table) {
    known.pattern.lastIndex = at;
    const match = known.pattern.exec(script);
    if (match === null || match[0] === '') continue;
    const found = known.holes.map((hole, index) => hole.read(match[index + 1] ?? ''));
    return { script: match[0], make: (on) => act(on, ...found) };
  }
  return null;
}

function unquote(quoted: string): string {
  if (!/['\\]/.test(quoted)) return quoted;
  return quoted.replaceAll(/'([^']*)'|\\'/g, (piece, inside: string | undefined) =>
    piece === "\\'" ? "'" : (inside ?? ''),
  );
}

const eachWord = new RegExp(oneWord, 'g');

export const wordsOf = (found: string): string[] => (found.match(eachWord) ?? []).map(unquote);

/** The same function, which remembers what it made of a text; forgets all when there are too many. */
export function remembering<Made>(make: (script: string) => Made): (script: string) => Made {
  const made = new Map<string, Made>();
  return (script) => {
    const before = made.get(script);
    if (before !== undefined) return before;
    if (made.size > 2000) made.clear();
    const now = make(script);
    made.set(script, now);
    return now;
  };
}

/** The shape of a script that the product itself makes, with a hole wherever one of these words stands in it. */
export function like(script: string, holes: Readonly<Record<string, Hole>> = {}): Shape {
  const names = Object.keys(holes);
  if (names.length === 0) return shape([script] as unknown as TemplateStringsArray);
  const pieces = script.split(new RegExp(`(${names.map(escaped).join('|')})`));
  const literal = pieces.filter((_, index) => index % 2 === 0);
  const found = pieces.filter((_, index) => index % 2 === 1).map((name) => holes[name] ?? text);
  return shape(literal as unknown as TemplateStringsArray, ...found);
}
