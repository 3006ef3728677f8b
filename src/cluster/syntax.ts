/** jsonc-parser's errors as sentences. */
import { printParseErrorCode } from 'jsonc-parser';
import type { ParseError } from 'jsonc-parser';
import type { Finding } from './problem.ts';
import { quoted } from './problem.ts';

interface Syntax {
  readonly findings: readonly Finding[];
  /** Offset from which on the rest cannot be trusted to mean what it says; Infinity when it all does. */
  readonly brokenFrom: number;
}

/** One finding a line at most: what follows on the same line is usually the echo of the first. */
export function describeSyntax(text: string, errors: readonly ParseError[]): Syntax {
  const findings: Finding[] = [];
  let brokenFrom = Infinity;
  let behindLine = 0;
  for (const error of errors.toSorted((one, other) => one.offset - other.offset)) {
    if (!isHarmless(text, error)) brokenFrom = Math.min(brokenFrom, error.offset);
    if (error.offset < behindLine) continue;
    const end = text.indexOf('\n', error.offset);
    behindLine = end === -1 ? Infinity : end;
    findings.push({ path: [], at: 'value', offset: error.offset, message: sentence(text, error) });
  }
  return { findings, brokenFrom };
}

const sentences: Readonly<Record<string, string>> = {
  InvalidNumberFormat: 'this is no number as JSON writes them',
  PropertyNameExpected: 'a key in double quotes is expected here',
  ValueExpected: 'a value is expected here',
  ColonExpected: '":" is expected behind the key',
  CommaExpected: '"," is missing before this',
  CloseBraceExpected: '"}" is missing',
  CloseBracketExpected: '"]" is missing',
  EndOfFileExpected: 'nothing may follow the closing brace',
  InvalidCommentToken: 'comments are not allowed in JSON; remove it',
  UnexpectedEndOfComment: 'comments are not allowed in JSON, and this one does not end',
  UnexpectedEndOfString: 'this text has no closing double quote',
  UnexpectedEndOfNumber: 'this number is not complete',
  InvalidUnicode: 'this escape is not complete; four hexadecimal digits follow \\u',
  InvalidEscapeCharacter: 'no such escape; a backslash itself is written \\\\',
  InvalidCharacter: 'tabs and line breaks inside text are written \\t and \\n',
};

function sentence(text: string, error: ParseError): string {
  if (isSpareComma(text, error)) return 'a comma too many before this';
  const word = text.slice(error.offset, error.offset + error.length);
  const name = printParseErrorCode(error.error);
  return sentences[name] ?? `${quoted(word)} is no JSON; text stands in double quotes`;
}

function isHarmless(text: string, error: ParseError): boolean {
  const name = printParseErrorCode(error.error);
  return name === 'InvalidCommentToken' || isSpareComma(text, error);
}

function isSpareComma(text: string, error: ParseError): boolean {
  const name = printParseErrorCode(error.error);
  if (name !== 'PropertyNameExpected' && name !== 'ValueExpected') return false;
  return '}]'.includes(text[error.offset] ?? ' ') && text.slice(0, error.offset).trimEnd().endsWith(',');
}
