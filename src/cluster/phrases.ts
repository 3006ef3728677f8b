/** One broken rule of the schema in words: what is wrong with the value, and what would be right. */
import type { ErrorObject } from 'ajv';
import type { Finding } from './problem.ts';
import { quoted } from './problem.ts';
import { nearest, respelt } from './suggest.ts';

type Phrase = Pick<Finding, 'message' | 'allowed' | 'suggestion'>;

export function phrase(
  { keyword, params, parentSchema: rule = {}, message }: ErrorObject,
  value: unknown,
): Phrase {
  if (rule['writeOnly'] === true) return { message: 'is not allowed', allowed: rule['patternErrorMessage'] };
  switch (keyword) {
    case 'type':
      return notOfType([params['type']].flat(), value);
    case 'enum':
      return notInList(params['allowedValues'], value, rule['errorMessage']);
    case 'pattern':
      return {
        message: `${quoted(value)} is not allowed`,
        suggestion: respelt(String(value), new RegExp(rule['pattern'], 'u')),
        allowed: rule['patternErrorMessage'],
      };
    case 'minimum':
      return {
        message: `${quoted(value)} is too small`,
        allowed: `${rule['minimum']} to ${rule['maximum']}`,
      };
    case 'maximum':
      return {
        message: `${quoted(value)} is too large`,
        allowed: `${rule['minimum']} to ${rule['maximum']}`,
      };
    case 'maxLength':
      return { message: `${quoted(value)} is too long`, allowed: `at most ${params['limit']} characters` };
    case 'minItems':
      return { message: 'must not be empty' };
    case 'maxItems':
      return { message: 'has too many entries', allowed: `at most ${params['limit']}` };
    case 'uniqueItems':
      return { message: `${quoted([value].flat()[params['i']])} stands in it twice` };
    default:
      return { message: message ?? 'is not what the schema describes' };
  }
}

function notInList(list: readonly string[], value: unknown, said?: string): Phrase {
  const suggestion = typeof value === 'string' ? nearest(value, list) : undefined;
  const allowed = said ?? list.map(quoted).join(', ');
  return { message: `${quoted(value)} is not allowed`, suggestion, allowed };
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text in double quotes',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object { … }',
  array: 'a list [ … ]',
};

function notOfType(types: readonly string[], value: unknown): Phrase {
  const wanted = types.map((type) => typeNames[type] ?? type).join(' or ');
  return { message: `must be ${wanted}, is ${kindOf(value)}` };
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return `the text ${quoted(value)}`;
  return quoted(value);
}
