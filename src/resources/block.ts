import { createHash } from 'node:crypto';
import { sh } from '../connection/quote.ts';
import type { Resource } from '../engine/resource.ts';
import { command } from './command.ts';

/** For sed: a last line without a line break gets one, or our first line would become its tail. */
const endsLastLine = '$a\\';

/**
 * Our marked lines in a file that belongs to others; every other line stays byte for byte. `name` (letters) tells one
 * block in a file from another.
 */
export function block(path: string, lines: readonly string[], name = ''): Resource {
  const [begin, end] = ['# BEGIN hardway', '# END hardway'].map((mark) => `${mark} ${name}`.trimEnd()) as [
    string,
    string,
  ];
  const body = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    id: `block:${`${path} ${name}`.trimEnd()}`,
    desired: { sha256 },
    question: command(
      sh`sed -n ${`/^${begin}$/,/^${end}$/p`} ${path} 2>/dev/null | sed '1d;$d' | sha256sum | cut -c1-64`,
      (output) => ({ sha256: output }),
    ),
    steps: () => [
      {
        run: sh`touch ${path}
[ "$(grep -cx ${begin} ${path})" = "$(grep -cx ${end} ${path})" ] || { echo ${`${path}: a line "${begin}" has no "${end}"`} >&2; exit 1; }
copy=$(mktemp ${`${path}.XXXXXX`})
sed -e ${`/^${begin}$/,/^${end}$/d`} -e ${endsLastLine} ${path} > "$copy"
printf '%s\n' ${begin} ${lines} ${end} >> "$copy"
chmod --reference=${path} "$copy"
chown --reference=${path} "$copy"
sync "$copy"
mv "$copy" ${path}`,
      },
    ],
  };
}
