import { readFileSync } from 'node:fs';
import { packageRoot } from '../../src/package-root.ts';
import type { Manifest } from '../resources/manifest.ts';

/**
 * CustomResourceDefinitions as an upstream publishes them, without the texts that describe their fields. Beside each
 * file stands in README.md where it is from and how it is made again.
 */
export const definitions = (path: string): Manifest[] =>
  JSON.parse(readFileSync(new URL(`provisioners/addons/${path}`, packageRoot), 'utf8')) as Manifest[];
