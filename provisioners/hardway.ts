import { readFileSync } from 'node:fs';
import { packageRoot } from '../src/package-root.ts';

const version = (
  JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as { version: string }
).version;

// The commonest question is answered before anything is loaded.
if (process.argv.length === 3 && process.argv[2] === '--version') {
  console.log(version);
} else {
  const [{ main }, { product }] = await Promise.all([import('../src/cli/main.ts'), import('./product.ts')]);
  process.exitCode = await main(process.argv.slice(2), version, product);
}
