import type { Argv } from 'yargs';
import type { Selection } from '../engine/converge.ts';
import { UsageError } from '../errors.ts';
import type { PhaseSummary } from './product.ts';
import type { Given } from './verb.ts';

/** The options that leave out parts of the recipe. */
export const selecting = (yargs: Argv): Argv =>
  yargs
    .option('only', { ...list, describe: 'only these phases (or parts: master, minion)' })
    .option('from', { type: 'string', describe: 'this phase and those after it' })
    .option('skip', { ...list, describe: 'all phases but these' })
    .option('on', { ...list, describe: 'change only these machines' });

const list = { type: 'string', array: true, nargs: 1, requiresArg: true } as const;

const words = (given: unknown): string[] =>
  ((given ?? []) as string[]).flatMap((text) => text.split(',')).filter((word) => word !== '');

/** undefined: everything. Throws UsageError for what does not exist. */
export function selectionOf(
  given: Given,
  phases: readonly PhaseSummary[],
  machines: readonly string[],
): Selection | undefined {
  const names = phases.map(({ name }) => name);
  const named = (option: string): string[] =>
    words(given[option]).flatMap((word) => {
      const part = phases.filter((phase) => phase.part === word);
      return part.length > 0 ? part.map(({ name }) => name) : [word];
    });
  const [only, skip, on] = [named('only'), named('skip'), words(given['on'])];
  const from = typeof given['from'] === 'string' ? given['from'] : undefined;
  refuseUnknown('phase', [...only, ...skip, ...(from === undefined ? [] : [from])], names);
  refuseUnknown('machine', on, machines);
  if (only.length + skip.length + on.length === 0 && from === undefined) return undefined;
  const first = from === undefined ? 0 : names.indexOf(from);
  return {
    phase: (name) =>
      names.indexOf(name) >= first && (only.length === 0 || only.includes(name)) && !skip.includes(name),
    machine: (name) => on.length === 0 || on.includes(name),
  };
}

function refuseUnknown(what: string, asked: readonly string[], known: readonly string[]): void {
  const stranger = asked.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new UsageError(`there is no ${what} ${stranger}`, { remedy: `There are: ${known.join(', ')}.` });
}
