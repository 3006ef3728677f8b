import { readFileSync } from 'node:fs';
import { packageRoot } from '../../src/package-root.ts';
import type { Manifest } from '../resources/manifest.ts';

/**
 * Objects as an upstream publishes them, CustomResourceDefinitions without the texts that describe their fields. In
 * README.md stands where each file is from and how it is made again.
 */
export const definitions = (...paths: readonly string[]): Manifest[] =>
  paths.flatMap(
    (path) =>
      JSON.parse(readFileSync(new URL(`provisioners/addons/${path}`, packageRoot), 'utf8')) as Manifest[],
  );
