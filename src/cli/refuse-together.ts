import { UsageError } from '../errors.ts';
import type { Given } from './verb.ts';

const isSaid = (given: Given, name: string): boolean => given[name] !== undefined && given[name] !== false;

/** Throws UsageError when one option is given beside any of the others (for yargs a default counts as given). */
export function refuseTogether(given: Given, one: string, others: readonly string[]): void {
  const other = others.find((name) => isSaid(given, name));
  if (isSaid(given, one) && other !== undefined)
    throw new UsageError(`--${one} and ${other === 'unit' ? 'a unit' : `--${other}`} do not go together`);
}

/** Throws UsageError for options that say something about another one, which is not given. */
export function refuseWithout(given: Given, one: string, others: readonly string[]): void {
  const other = others.find((name) => isSaid(given, name));
  if (!isSaid(given, one) && other !== undefined)
    throw new UsageError(`--${other} says something about --${one} only`);
}
