import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { HardwayError } from '../errors.ts';

export type TemplateData = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/**
 * Renders one of our own templates. Strict: a name the template uses and the data lacks is an error, also in
 * {{#if}} and {{#each}}, where Handlebars by itself would silently take the empty branch.
 */
export function render(template: URL, data: TemplateData): string {
  const compiled = compiledFrom(template);
  refuseLineBreaks(template, data);
  return compiled(complete(template, data), { allowProtoPropertiesByDefault: true });
}

const compiledTemplates = new Map<string, HandlebarsTemplateDelegate<TemplateData>>();

/** Once a process: the same few templates serve every machine. */
function compiledFrom(template: URL): HandlebarsTemplateDelegate<TemplateData> {
  const known = compiledTemplates.get(template.href);
  if (known !== undefined) return known;
  const compiled = Handlebars.compile<TemplateData>(readFileSync(fileURLToPath(template), 'utf8'), {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
  });
  compiledTemplates.set(template.href, compiled);
  return compiled;
}

const complete = (template: URL, data: TemplateData): TemplateData =>
  new Proxy(data, {
    get(target, key) {
      if (typeof key === 'string' && !Object.hasOwn(target, key) && key !== 'toJSON') {
        throw new HardwayError('TEMPLATE', `${template.pathname} uses {{${key}}}, which was not given`);
      }
      return Reflect.get(target, key) as unknown;
    },
    has: (target, key) => Reflect.has(target, key),
  });

/** A line break inside a value could add a flag or a key of its own. */
function refuseLineBreaks(template: URL, data: TemplateData): void {
  for (const [key, value] of Object.entries(data)) {
    if (/[\r\n]/.test([value].flat().join(''))) {
      throw new HardwayError('TEMPLATE', `${template.pathname}: the value of ${key} contains a line break`);
    }
  }
}
