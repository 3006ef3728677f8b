// Bundles the command into dist/: few files to load, so that it starts fast. Libraries stay in node_modules.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const dist = join(import.meta.dirname, 'dist');
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
    plugin.onLoad({ filter: /src\/cluster\/validator\.ts$/ }, async () => ({ contents: await generated(), loader: 'js' })),
};

async function generated() {
  const compiler = join(dist, 'schema-compiler.mjs');
  await build({ ...common, entryPoints: ['src/cluster/schema-compiler.ts'], outfile: compiler });
  const { standaloneValidator } = await import(pathToFileURL(compiler).href);
  rmSync(compiler);
  return standaloneValidator();
}

rmSync(dist, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { hardway: 'provisioners/hardway.ts' },
  outdir: dist,
  splitting: true,
  plugins: [validator],
  banner: { js: '#!/usr/bin/env node' },
});
