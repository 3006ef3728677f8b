/** Shell text by construction: values are quoted for POSIX sh, scripts are their own type. */

declare const script: unique symbol;

/** POSIX shell text that may be run as it is. Made by `sh`, never by joining strings. */
export type Script = string & { readonly [script]: true };

/** A plain value: anything but a Script, which is put into another one by `verbatim`. */
type Word = number | (string & { readonly [script]?: never });

class Verbatim {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Interpolation = Word | readonly Word[] | Verbatim;

// Digits alone would turn `${n}>file` into a redirection of that descriptor.
const plain = /^(?!\d+$)[A-Za-z0-9_@%+:,./-]+$/;

/** One shell word that every POSIX shell reads back as exactly this text. */
export function quote(value: string | number): string {
  const text = String(value);
  if (text.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  return plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** sh`systemctl restart ${unit}`: values become one quoted word, arrays space-separated quoted words. */
export function sh(pieces: TemplateStringsArray, ...values: readonly Interpolation[]): Script {
  const text = pieces.map((piece, i) => (i < values.length ? piece + insert(values[i]!) : piece));
  return text.join('') as Script;
}

/** Puts a script inside another one: sh`if ${verbatim(check)}; then …`. Several become lines. */
export function verbatim(...scripts: readonly Script[]): Verbatim {
  return new Verbatim(lines(...scripts));
}

/** One script out of several, one after the other. */
export function lines(...scripts: readonly Script[]): Script {
  return scripts.join('\n') as Script;
}

function insert(value: Interpolation): string {
  if (value instanceof Verbatim) return value.text;
  return typeof value === 'object' ? value.map(quote).join(' ') : quote(value);
}
