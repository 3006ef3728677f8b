import yargs from 'yargs';
import { withGlobals } from './globals.ts';
import type { Verb } from './verb.ts';

/** "node" of "node <action> <name>". */
export const nameOf = ({ usage }: Verb): string => usage.split(' ')[0] ?? '';

/** What may be written after a verb. */
export interface Words {
  /** Without dashes; those that nobody types are left out. */
  readonly options: readonly string[];
  /** Names of the places after the verb, in their order; the last one may stand for several. */
  readonly places: readonly string[];
  /** Of options and places that take one of a few words, which ones. */
  readonly choices: Readonly<Record<string, readonly string[]>>;
  /** Options that stand alone. */
  readonly switches: readonly string[];
}

interface YargsOptions {
  readonly key: Readonly<Record<string, unknown>>;
  readonly boolean: readonly string[];
  readonly hiddenOptions: readonly string[];
  readonly choices: Readonly<Record<string, readonly string[]>>;
}

/** As yargs was told by the verb itself. */
export function wordsOf(verb: Verb): Words {
  const parser = verb.options(withGlobals(yargs([])));
  const { key, boolean, hiddenOptions, choices } = (
    parser as unknown as { getOptions(): YargsOptions }
  ).getOptions();
  const places = [...verb.usage.matchAll(/[<[]([\w-]+)/g)].map(([, place = '']) => place);
  const options = Object.keys(key).filter(
    (name) => name.length > 1 && !places.includes(name) && !hiddenOptions.includes(name),
  );
  return { options, places, choices, switches: boolean };
}
