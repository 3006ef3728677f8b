/** A cache of its own for clients and artefacts, and programs that only tell what they were asked. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { recipeKey } from '../../src/artefacts/cache.ts';
import { sha256OfFile, writeRecord } from '../../src/artefacts/record.ts';
import { openWorkshop } from '../../src/artefacts/workshop.ts';

const before = { ...process.env };
const folders: string[] = [];
afterAll(() => {
  process.env = before;
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** From now on the cache is empty. */
export function emptyCache(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-cache-'));
  folders.push(folder);
  process.env['HARDWAY_CACHE'] = folder;
  return folder;
}

/** A program that writes down its arguments and its KUBECONFIG, and ends with 7; of this version. */
export function program(file: string, version = '1.36.4'): string {
  mkdirSync(dirname(file), { recursive: true });
  const told = JSON.stringify({ clientVersion: { gitVersion: `v${version}` } }, null, 1);
  writeFileSync(
    file,
    `#!/bin/sh
[ "$1 $2" = 'version --client' ] && { echo '${told}'; exit 0; }
for word in "$@"; do printf '%s\\n' "$word"; done > ${file}.asked
echo "$KUBECONFIG" > ${file}.config
exit 7
`,
  );
  chmodSync(file, 0o755);
  return file;
}

export const asked = (file: string): string[] =>
  readFileSync(`${file}.asked`, 'utf8').split('\n').slice(0, -1);
export const config = (file: string): string => readFileSync(`${file}.config`, 'utf8').trim();

/** What machines are given, as if it had been compiled here: its kubectl is the program above. */
export async function compiled(cache: string): Promise<string> {
  const { lock, modules, arch } = openWorkshop({});
  const group = lock.groups.find(({ name }) => name === 'kubernetes')!;
  const folder = join(cache, 'artefacts', recipeKey(group, 'modules', modules, arch));
  for (const { name } of group.files) {
    const file = program(join(folder, name));
    writeRecord(file, await sha256OfFile(file));
  }
  return join(folder, 'kubectl');
}
