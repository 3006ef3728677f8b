/** The terminal as one that can be painted: what is printed stays and scrolls; the block below it is painted anew. */
export interface Terminal {
  write(text: string): void;
  readonly columns: () => number;
  readonly rows: () => number;
}

export interface Screen {
  /** Whole lines that stay, above the block. */
  print(text: string): void;
  /** The block from now on; what does not fit is cut off. No lines: it is gone. */
  show(lines: readonly string[]): void;
  /** Takes the block away and paints none until it is given back: somebody is asked, or an error is told. */
  hold(): () => void;
}

/** Terminals that know it show the whole at once; the others pass over it. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'];
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export function screen({ write, columns, rows }: Terminal): Screen {
  let block: readonly string[] = [];
  let held = 0;

  /** To where the block begins; a terminal that became narrower has broken its lines. */
  const home = (): string => {
    const height = block.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns())), 0);
    return height === 0 ? '' : `\u001b[${height}A\r`;
  };
  const painted = (lines: readonly string[]): string =>
    `${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;

  const replace = (lines: readonly string[]): void => {
    const before = home();
    block = lines;
    write(`${BEGIN}${before}${painted(lines)}${END}`);
  };

  return {
    print(text) {
      const above = text.replace(/\n$/, '').split('\n');
      if (block.length === 0) write(text);
      else write(`${BEGIN}${home()}${painted([...above, ...block])}${END}`);
    },
    show(lines) {
      const fitting = lines.slice(0, Math.max(1, rows() - 2)).map((line) => cut(line, columns() - 1));
      if (held === 0 && fitting.join('\n') !== block.join('\n')) replace(fitting);
    },
    hold() {
      if (block.length > 0) replace([]);
      held += 1;
      return () => void (held -= 1);
    },
  };
}

const COLOUR = /\u001b\[[0-9;]*m/g;
/** Letters that take two columns. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;

/** Columns that a text takes; colours take none. */
export const width = (text: string): number =>
  [...text.replace(COLOUR, '')].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : 1), 0);

/** At most so many columns; an end that is lost shows as "…". Colours stay, and end where they ended. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let left = columns - 1;
  const kept = text.split(/(\u001b\[[0-9;]*m)/).map((part) => {
    if (part.startsWith('\u001b')) return part;
    let fits = '';
    for (const letter of part) {
      left -= width(letter);
      if (left < 0) break;
      fits += letter;
    }
    return fits;
  });
  return `${kept.join('')}…`;
}
