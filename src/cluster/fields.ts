/** What schemas/cluster.schema.json says of a single field, for people. */
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };
import { variableOf } from './environment.ts';

export interface Field {
  /** Without brackets: nodes.ssh.port. */
  readonly path: string;
  readonly description: string;
  /** "text", "a whole number from 1 to 65535", or the values that there are. */
  readonly allowed: string;
  readonly default: unknown;
  readonly examples: readonly unknown[];
  /** The fields inside, by their names. */
  readonly keys: readonly string[];
  /** By which the environment sets it; undefined: not a single value, or one of a list's. */
  readonly variable: string | undefined;
}

interface Rule {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly patternErrorMessage?: string;
  readonly items?: Rule;
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly additionalProperties?: Rule | boolean;
}

const KINDS: Readonly<Record<string, string>> = {
  ...{ string: 'text', boolean: 'true or false', array: 'a list', object: 'an object', null: 'null' },
};

const fields = new Map(below(schema as Rule, []).map((field) => [field.path, field]));

/** By its path, with or without the brackets of a list; or by its own name, which several may have. */
export function fieldsCalled(word: string): readonly Field[] {
  const path = word.replaceAll(/\[[^\]]*\]/g, '');
  const exact = fields.get(path);
  if (exact !== undefined) return [exact];
  return path.includes('.') ? [] : [...fields.values()].filter((field) => field.path.endsWith(`.${path}`));
}

export const fieldPaths: readonly string[] = [...fields.keys()];

/** Depth first, in the order of the schema; a bastion has what its machine's "ssh" has, and is told once. */
function below(rule: Rule, steps: readonly string[], refs: readonly string[] = []): Field[] {
  const inside = Object.entries(propertiesOf(rule)).filter(([name]) => !name.startsWith('$'));
  return inside.flatMap(([name, one]) => {
    const path = [...steps, name];
    const known = resolved(one);
    const isTold = one.$ref !== undefined && refs.includes(one.$ref);
    return [fieldOf(known, path), ...(isTold ? [] : below(known, path, [...refs, one.$ref ?? '']))];
  });
}

function fieldOf(rule: Rule, steps: readonly string[]): Field {
  const path = steps.join('.');
  return {
    path,
    description: rule.description ?? '',
    allowed: allowedBy(rule),
    default: rule.default,
    examples: rule.examples ?? [],
    keys: Object.keys(propertiesOf(rule)),
    variable: variableOf(path),
  };
}

/** Of an object, or of each entry of a list. */
function propertiesOf(rule: Rule): Readonly<Record<string, Rule>> {
  return rule.properties ?? (rule.items === undefined ? {} : (resolved(rule.items).properties ?? {}));
}

/** What a reference says counts less than what stands beside it. */
function resolved(rule: Rule): Rule {
  const name = rule.$ref?.split('/').at(-1);
  return name === undefined ? rule : { ...(schema.$defs as Readonly<Record<string, Rule>>)[name], ...rule };
}

function allowedBy(rule: Rule): string {
  if (rule.enum !== undefined) return rule.enum.map((value) => JSON.stringify(value)).join(', ');
  if (rule.patternErrorMessage !== undefined) return rule.patternErrorMessage;
  return [rule.type ?? []]
    .flat()
    .map((type) => (type === 'integer' ? number(rule) : (KINDS[type] ?? type)))
    .join(' or ');
}

function number({ minimum, maximum }: Rule): string {
  const isBounded = minimum !== undefined && maximum !== undefined;
  return isBounded ? `a whole number from ${minimum} to ${maximum}` : 'a whole number';
}
