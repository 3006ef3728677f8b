/** Flags of a program by name, without dashes. */
export type Flags = Readonly<Record<string, string>>;

/** As words of a command line. */
export const wordsOf = (flags: Flags): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

/** As they stand in a unit below `ExecStart=… \`, one a line. Values arrive exactly as they are written. */
export const unitLines = (flags: Flags): string[] =>
  wordsOf(flags).map((word, index, all) => `  ${quoted(word)}${index === all.length - 1 ? '' : ' \\'}`);

/** systemd expands $ and %, and cuts at blanks; only a whole item may be quoted: see systemd.syntax(7), "Quoting". */
const quoted = (item: string): string =>
  /^[A-Za-z0-9_.,:=\/+*@-]+$/.test(item)
    ? item
    : `"${item.replaceAll(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** As arguments of a container: there `$(NAME)` stands for a variable, and `$$` for a dollar. */
export const podWords = (flags: Flags): string[] =>
  wordsOf(flags).map((word) => word.replaceAll('$', '$$$$'));
