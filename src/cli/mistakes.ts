import { nearest } from '../cluster/suggest.ts';
import { UsageError } from '../errors.ts';
import type { Verb } from './verb.ts';
import { nameOf, wordsOf } from './words.ts';

/** A complaint of yargs' about a command line, as one sentence with what was probably meant. */
export function inTheirWords(message: string, args: readonly string[], verbs: readonly Verb[]): UsageError {
  const verb = verbs.find((each) => args.includes(nameOf(each)));
  const unknown = /^Unknown (?:arguments?|commands?): ([^,]*)/.exec(message)?.[1];
  if (verb === undefined) return noSuchVerb(unknown, verbs);
  const remedy = `hardway help ${nameOf(verb)} shows examples.`;
  if (unknown !== undefined) return new UsageError(stranger(unknown, args, verb), { remedy });
  const [, place, given, listed = ''] =
    /Argument: ([^,]*), Given: "([^"]*)", Choices: (.*)/.exec(message) ?? [];
  if (place !== undefined) {
    const choices = [...listed.matchAll(/"([^"]*)"/g)].map(([, choice = '']) => choice);
    const text = `${nameOf(verb)} knows no ${place} ${given}${meant(given ?? '', choices)}`;
    return new UsageError(text, { remedy: `There are: ${choices.join(', ')}.` });
  }
  const valueless = /^Not enough arguments following: (\S+)/.exec(message)?.[1];
  if (valueless !== undefined) return new UsageError(`${dashed(valueless)} needs a value`, { remedy });
  if (/^(Not enough non-option arguments|Missing required argument)/.test(message))
    return new UsageError(`something is missing: hardway ${verb.usage}`, { remedy });
  return new UsageError(message, { remedy });
}

export function noSuchVerb(word: string | undefined, verbs: readonly Verb[]): UsageError {
  const names = verbs.filter(({ describe }) => describe !== false).map(nameOf);
  const text = word === undefined ? 'no verb was given' : `there is no verb ${word}${meant(word, names)}`;
  return new UsageError(text, { evidence: [`There are: ${names.join(', ')}.`], remedy: 'hardway help' });
}

function stranger(word: string, args: readonly string[], verb: Verb): string {
  const isOption = args.some((arg) => arg.startsWith('-') && arg.replace(/^-+|=.*$/g, '') === word);
  if (!isOption) return `hardway ${verb.usage} takes no ${word}`;
  const { options } = wordsOf(verb);
  return `hardway ${nameOf(verb)} has no option ${dashed(word)}${meant(word, options, dashed)}`;
}

const dashed = (name: string): string => `${name.length === 1 ? '-' : '--'}${name}`;

function meant(word: string, known: readonly string[], show = (name: string) => name): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${show(near)}?`;
}
