/** A machine that was taken over must not write on somebody's terminal what it likes; tabs and line ends may stay. */
export const printable = (text: string): string => text.replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '?');

/** The same for every text in a value of plain data. */
export const allPrintable = <T extends object>(value: T): T =>
  JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'string' ? printable(inner) : inner)),
  ) as T;
