import { createHash } from 'node:crypto';
import { sh } from '../connection/quote.ts';
import type { Resource } from '../engine/resource.ts';
import { command } from './command.ts';

const BEGIN = '# BEGIN hardway';
const END = '# END hardway';
/** For sed: a last line without a line break gets one, or our first line would become its tail. */
const endsLastLine = '$a\\';

/** Our marked lines in a file that belongs to others; every other line stays byte for byte. */
export function block(path: string, lines: readonly string[]): Resource {
  const body = lines.map((line) => `${line}\n`).join('');
  const sha256 = createHash('sha256').update(body).digest('hex');
  return {
    id: `block:${path}`,
    desired: { sha256 },
    question: command(
      sh`sed -n ${`/^${BEGIN}$/,/^${END}$/p`} ${path} 2>/dev/null | sed '1d;$d' | sha256sum | cut -c1-64`,
      (output) => ({ sha256: output }),
    ),
    steps: () => [
      {
        run: sh`touch ${path}
[ "$(grep -cx ${BEGIN} ${path})" = "$(grep -cx ${END} ${path})" ] || { echo ${`${path}: a line "${BEGIN}" has no "${END}"`} >&2; exit 1; }
copy=$(mktemp ${`${path}.XXXXXX`})
sed -e ${`/^${BEGIN}$/,/^${END}$/d`} -e ${endsLastLine} ${path} > "$copy"
printf '%s\n' ${BEGIN} ${lines} ${END} >> "$copy"
chmod --reference=${path} "$copy"
chown --reference=${path} "$copy"
sync "$copy"
mv "$copy" ${path}`,
      },
    ],
  };
}
