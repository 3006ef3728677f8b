import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packageRoot } from '../../src/package-root.ts';

interface Kind {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

/** schemas/events.schema.json, as it is published. */
export const schema = JSON.parse(
  readFileSync(new URL('schemas/events.schema.json', packageRoot), 'utf8'),
) as { readonly oneOf: readonly { readonly $ref: string }[]; readonly $defs: Readonly<Record<string, Kind>> };

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true, validateFormats: false });
export const isPublished = ajv.compile(schema);

/** What is wrong with the lines that a command wrote with --json; each is one event. */
export const strangers = (output: string): string[] =>
  output
    .trim()
    .split('\n')
    .flatMap((line) =>
      isPublished(JSON.parse(line)) ? [] : [`${line} ${JSON.stringify(isPublished.errors)}`],
    );
