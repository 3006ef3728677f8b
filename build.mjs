// Bundles the command into dist/: few files to load, so that it starts fast. Libraries stay in node_modules.
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, 'dist');
const making = `${dist}.${process.pid}`;
const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  logLevel: 'warning',
};

/** Compiling the schema at each start would cost 150 ms: the validator is generated here. */
const validator = {
  name: 'validator',
  setup: (plugin) =>
    plugin.onLoad({ filter: /src\/cluster\/validator\.ts$/ }, async () => ({
      contents: await generated(),
      loader: 'js',
    })),
};

async function generated() {
  const compiler = join(making, 'schema-compiler.mjs');
  await build({ ...common, entryPoints: ['src/cluster/schema-compiler.ts'], outfile: compiler });
  const { standaloneValidator } = await import(pathToFileURL(compiler).href);
  rmSync(compiler);
  return standaloneValidator();
}

await build({
  ...common,
  entryPoints: { hardway: 'provisioners/hardway.ts' },
  outdir: making,
  splitting: true,
  plugins: [validator],
  banner: { js: '#!/usr/bin/env node' },
});
// npx runs the file itself, and sets this only when it first links it.
chmodSync(join(making, 'hardway.js'), 0o755);
// In one step: somebody may be starting the command right now.
rmSync(dist, { recursive: true, force: true });
renameSync(making, dist);
