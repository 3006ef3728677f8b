import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { standaloneValidator } from '../../src/cluster/schema-compiler.ts';
import validate from '../../src/cluster/validator.ts';

// Inside node_modules, for the code needs ajv's helpers.
const folder = mkdtempSync(join('node_modules', '.validator-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['cluster.json', 'test/fixtures/ten-mistakes.json'])(
  'made for the build judges %s the same',
  async (file) => {
    const module = join(folder, 'validator.mjs');
    writeFileSync(module, standaloneValidator());
    const ready = (await import(pathToFileURL(module).href)) as { default: typeof validate };
    const data: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(ready.default(data)).toBe(validate(data));
    expect(ready.default.errors).toEqual(validate.errors);
  },
);
