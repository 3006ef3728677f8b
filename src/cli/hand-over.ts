import type { Handed, HandsOver, Verb } from './verb.ts';

/** Options of every verb that may stand before its name and take the next word. */
const TAKING = ['--file', '-f', '--set'];

/** Takes off what belongs to another program, before anything here reads it. */
export function handOver(args: readonly string[], verbs: readonly Verb[]): Handed {
  const at = nameAt(args);
  const verb = verbs.find(({ usage }) => usage.split(' ')[0] === args[at]);
  if (verb?.handsOver === undefined) return { own: args, rest: [] };
  const { own, rest } = verb.handsOver(args.slice(at + 1));
  return { own: [...args.slice(0, at + 1), ...own], rest };
}

/** Where the verb stands: the first word that is no option and no option's value. */
function nameAt(args: readonly string[]): number {
  return args.findIndex((word, index) => !word.startsWith('-') && !TAKING.includes(args[index - 1] ?? ''));
}

/** `ssh minion-1 -- uptime -s`: what stands behind the dashes. */
export const behindDashes: HandsOver = (behind) => {
  const dashes = behind.indexOf('--');
  return dashes < 0
    ? { own: behind, rest: [] }
    : { own: behind.slice(0, dashes), rest: behind.slice(dashes + 1) };
};
