import { applyEdits, type JSONPath, modify } from 'jsonc-parser';
import { HardwayError } from '../errors.ts';
import { inspect } from './inspect.ts';

/**
 * The text of a description with these values set, everything else as it was written. Throws HardwayError when that would
 * not be a description any more.
 */
export function edited(
  text: string,
  filename: string,
  values: readonly { readonly path: JSONPath; readonly value: unknown }[],
): string {
  const tabSize = /^\t/m.test(text) ? 1 : (/^( +)\S/m.exec(text)?.[1]?.length ?? 2);
  const formattingOptions = {
    insertSpaces: !/^\t/m.test(text),
    tabSize,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
  const result = values.reduce(
    (now, { path, value }) => applyEdits(now, modify(now, path, value, { formattingOptions })),
    text,
  );
  const { problems } = inspect(result, filename);
  if (problems.length === 0) return result;
  throw new HardwayError(
    'DESCRIPTION',
    `${filename} would not be valid with ${values.map(({ path, value }) => `${path.join('.')}: ${String(value)}`).join(', ')}`,
    {
      evidence: problems.map(({ path: at, message }) => `${at}: ${message}`),
      remedy: 'Nothing was written.',
    },
  );
}
