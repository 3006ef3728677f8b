// Bundles the command and its libraries into dist/: to find and read four hundred small files would cost each start
// a quarter of a second.
import { chmodSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const started = new Date();
const dist = join(import.meta.dirname, 'dist');
const making = `${dist}.${process.pid}`;
const common = {
  absWorkingDir: import.meta.dirname,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  // Some libraries' other form looks for its files while it runs.
  mainFields: ['module', 'main'],
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
  await build({
    ...common,
    packages: 'external',
    entryPoints: ['src/cluster/schema-compiler.ts'],
    outfile: compiler,
  });
  const { standaloneValidator } = await import(pathToFileURL(compiler).href);
  rmSync(compiler);
  return standaloneValidator();
}

/** ssh2's compiled half cannot be bundled; where it is missing ssh2 goes on without. */
const compiled = {
  name: 'compiled',
  setup: (plugin) =>
    plugin.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({
      path: relative(dist, join(resolveDir, path)),
      external: true,
    })),
};

/** For what bundled libraries still ask for while they run. */
const require = `import { createRequire as hwCreateRequire } from 'node:module';
const require = hwCreateRequire(import.meta.url);`;

await build({
  ...common,
  entryPoints: { hardway: 'provisioners/hardway.ts' },
  outdir: making,
  splitting: true,
  plugins: [validator, compiled],
  external: ['cpu-features'],
  banner: { js: `#!/usr/bin/env node\n${require}` },
  define: { __dirname: 'import.meta.dirname' },
});
// npx runs the file itself, and sets this only when it first links it.
chmodSync(join(making, 'hardway.js'), 0o755);
// What bootstrap.mjs goes by; whatever is saved meanwhile is newer than this.
writeFileSync(join(making, '.built'), '');
utimesSync(join(making, '.built'), started, started);
// In one step: somebody may be starting the command right now.
rmSync(dist, { recursive: true, force: true });
renameSync(making, dist);
