/** The schema as a validator: made at once (tests, development) or as code for the build, with the same options. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };

/** Source of a module that can stand for validator.ts: to compile takes a start far longer than to load the result. */
export function standaloneValidator(): string {
  const ajv = compiler();
  const code = standaloneCode.default(ajv, ajv.compile(schema));
  // ajv writes a module that still calls require.
  return `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${code}`;
}

export function compiler(): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    // Errors bring the value and the part of the schema they speak of.
    verbose: true,
    strict: true,
    // A union only for "ssh", a text or an object; oneOf would explain mistakes badly.
    allowUnionTypes: true,
    code: { source: true, esm: true },
  });
  // Editors show them in place of a pattern or a list, and so do we.
  ajv.addVocabulary(['patternErrorMessage', 'errorMessage']);
  return ajv;
}
