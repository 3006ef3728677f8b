// Hardway's own functions for the benches.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const root = join(import.meta.dirname, '..', '..');

/** Bundles a TypeScript file of the benches; libraries stay where they are. Returns the file to run. */
export async function bundle(entry) {
  // Below node_modules libraries are found, and nothing of the checkout changes.
  const folder = join(root, 'node_modules', '.cache', 'hardway-bench');
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, entry.replace(/\.ts$/, `.${process.pid}.mjs`));
  await build({
    absWorkingDir: root,
    entryPoints: [join('test/bench', entry)],
    outfile,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  return outfile;
}

export const ours = await import(pathToFileURL(await bundle('ours.ts')).href);
