/** HARDWAY_NETWORK_POD_CIDR=10.1.0.0/16: any single field by a variable of the environment, as --set does. */
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };
import type { Override } from './overrides.ts';
import type { Finding } from './problem.ts';
import { nearest } from './suggest.ts';

interface Rule {
  readonly properties?: Readonly<Record<string, Rule>>;
}

/** Every field that is no section, by its variable. */
const fields = new Map(leaves(schema.properties as Readonly<Record<string, Rule>>));
const sections = Object.entries(schema.properties as Readonly<Record<string, Rule>>)
  .filter(([, { properties }]) => properties !== undefined)
  .map(([name]) => `${variable([name])}_`);

/** Of a field by its path; undefined: it is a section, or inside a list. */
export const variableOf = (path: string): string | undefined =>
  [...fields].find(([, field]) => field === path)?.[0];

/** What is set, and which variables look like a field and are none. */
export function fromEnvironment(env: NodeJS.ProcessEnv): {
  readonly overrides: readonly Override[];
  readonly findings: readonly (Finding & { readonly where: string })[];
} {
  const names = Object.keys(env).filter((name) => name.startsWith('HARDWAY_'));
  const overrides = names.flatMap((where) => {
    const path = fields.get(where);
    return path === undefined ? [] : [{ text: `${path}=${env[where]}`, where }];
  });
  const findings = names
    .filter((name) => !fields.has(name) && sections.some((section) => name.startsWith(section)))
    .map((where) => ({
      ...{ where, path: [], at: 'value' as const, message: 'is no field of cluster.json' },
      suggestion: nearest(where, [...fields.keys()]),
    }));
  return { overrides, findings };
}

function leaves(
  properties: Readonly<Record<string, Rule>>,
  above: readonly string[] = [],
): [variable: string, path: string][] {
  return Object.entries(properties).flatMap(([name, rule]): [string, string][] => {
    const path = [...above, name];
    return rule.properties === undefined ? [[variable(path), path.join('.')]] : leaves(rule.properties, path);
  });
}

/** network.podCidr: HARDWAY_NETWORK_POD_CIDR. */
function variable(path: readonly string[]): string {
  const words = path.map((step) => step.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_'));
  return ['HARDWAY', ...words].join('_').toUpperCase();
}
