import { dirname } from 'node:path/posix';
import type { Artefact } from '../artefacts/artefact.ts';
import { sh } from '../connection/quote.ts';
import type { Batch, Resource, State } from '../engine/resource.ts';

/**
 * What was known about a file when its digest was computed: inode, size, mtime, ctime. Not the device: the number
 * of an overlay file system is another one after each reboot.
 */
const RECORDS = '/var/lib/hardway/digests';

/**
 * Hashing all programs on each look is too slow, so a digest is trusted while inode, size and both times
 * are what they were when it was computed; otherwise it is computed again.
 */
const artefacts: Batch = {
  name: 'artefact',
  // Only builtins inside the loop: a fork for each of fifty files would be felt.
  script: (
    asks,
  ) => sh`stat -c '%n %i:%s:%.Y:%.Z %a %U:%G' -- ${asks} 2>/dev/null | while read -r path identity mode owner; do
  known=; recorded=yes
  [ -e ${RECORDS}"$path" ] && read -r known digest < ${RECORDS}"$path"
  if [ "$known" != "$identity" ]; then
    recorded=no
    digest=$(openssl dgst -sha256 -r "$path" 2>/dev/null || sha256sum "$path")
    digest=\${digest%% *}
  fi
  echo "$path|$mode|$owner|$recorded|$digest"
done`,
  answers: (output, asks) => {
    const lines = new Map(output.split('\n').map((line) => [line.slice(0, line.indexOf('|')), line]));
    return asks.map((path) => lines.get(path) ?? null);
  },
};

function parseArtefact(answer: string | null): State | null {
  if (answer === null) return null;
  const [, mode = '', owner = '', recorded = '', sha256 = ''] = answer.split('|');
  return { mode: mode.padStart(4, '0'), owner, sha256, recorded: recorded === 'yes' };
}

/** A program (or image archive) of the lock file at its place, verified by digest on the machine. */
export function artefact(locked: Artefact, path: string): Resource {
  const mode = locked.kind === 'image' ? 0o644 : 0o755;
  return {
    id: `artefact:${path}`,
    desired: {
      mode: mode.toString(8).padStart(4, '0'),
      owner: 'root:root',
      sha256: locked.sha256,
      recorded: true,
    },
    question: { batch: artefacts, ask: path, parse: parseArtefact },
    steps: (now) => {
      const there = now?.['sha256'] === locked.sha256;
      const content = { file: locked.file, sha256: locked.sha256, size: locked.size };
      const record = sh`chown root:root ${path}
chmod ${mode.toString(8)} ${path}
mkdir -p ${dirname(RECORDS + path)}
echo "$(stat -c '%i:%s:%.Y:%.Z' -- ${path}) ${locked.sha256}" > ${RECORDS + path}`;
      return there ? [{ run: record }] : [{ put: path, content, mode, owner: 'root:root' }, { run: record }];
    },
    why: `${locked.name} ${locked.version}, from ${locked.source}`,
  };
}
