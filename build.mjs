// Bundles the command into dist/: one file to load, so that it starts fast. Libraries stay in node_modules.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

rmSync(join(import.meta.dirname, 'dist'), { recursive: true, force: true });
await build({
  entryPoints: { hardway: 'provisioners/hardway.ts' },
  absWorkingDir: import.meta.dirname,
  outdir: 'dist',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  banner: { js: '#!/usr/bin/env node' },
  logLevel: 'warning',
});
