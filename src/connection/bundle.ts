import { readFileSync } from 'node:fs';
import type { Upload } from './connection.ts';
import type { Script } from './quote.ts';
import { sh, verbatim } from './quote.ts';
import { newFile, putInPlace, temporary, writingFunctions } from './write-file.ts';

/**
 * Shell text that makes small files from base64 inside the script, so that a whole stage is one script. The same
 * rules as `put`: all of them are checked before the first gets its name, and one that cannot be written ends the
 * script with exit code 1. Content is never in an argument.
 */
export function writeFiles(files: readonly Upload[]): Script {
  if (files.length === 0) return sh``;
  const sums = files.map((file) => sh`${file.sha256} ${verbatim(temporary(file))}`);
  return sh`${verbatim(writingFunctions(files), ...files.map(newFromHeredoc))}
hw_says=$(printf '%s  %s\\n' ${verbatim(sums.join(' ') as Script)} | sha256sum -c --quiet 2>&1) || hw_stop ${'checking sha256'}
${verbatim(putInPlace(files))}
trap - TERM HUP
`;
}

function newFromHeredoc(file: Upload): Script {
  const content = Buffer.isBuffer(file.content) ? file.content : readFileSync(file.content.file);
  const base64 = content.toString('base64').replace(/.{76}/g, '$&\n') as Script;
  return sh`${verbatim(newFile(file, content.length, 'base64 -d'))} <<'hw-end-of-file'
${verbatim(base64)}
hw-end-of-file`;
}
