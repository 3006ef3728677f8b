import { HardwayError, UsageError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import { redact, redactedJson } from '../report/redact.ts';
import { terminal } from '../report/terminal.ts';
import { exitCode } from './exit-codes.ts';
import { handOver } from './hand-over.ts';
import { noSuchVerb } from './mistakes.ts';
import { parserOf } from './parser.ts';
import type { Product } from './product.ts';
import type { Verb } from './verb.ts';
import { verbs } from './verbs.ts';
import { nameOf } from './words.ts';

/** Runs one command line and returns the exit code; never throws and never exits the process itself. */
export async function main(args: readonly string[], version: string, product: Product): Promise<number> {
  const all = verbs(product);
  if (args[0] === COMPLETE) return complete(args.slice(1), all, product);
  const { own, rest } = handOver(args, all);
  let code: number = exitCode.done;
  try {
    const parser = parserOf({
      ...{ args: helpAsked(own, all), version, verbs: all },
      run: async (verb, given) => {
        refuseTwice(given);
        code = await verb.run({ ...given, rest });
      },
    });
    if (args.length > 0) {
      await parser.parseAsync();
      return code;
    }
    process.stderr.write(`${await parser.getHelp()}\n\n`);
    throw noSuchVerb(undefined, all);
  } catch (error) {
    tell(error, own.includes('--json'));
    return codeOf(error);
  }
}

/** "help up" is "up --help". */
function helpAsked(args: readonly string[], all: readonly Verb[]): readonly string[] {
  const [first, verb, ...more] = args;
  if (first !== 'help') return args;
  if (verb === undefined || verb.startsWith('-')) return ['--help'];
  if (!all.some((each) => nameOf(each) === verb)) throw noSuchVerb(verb, all);
  return [verb, '--help', ...more];
}

/** What shells ask while somebody types; see `hardway completion`. */
const COMPLETE = '--complete';

/** A shell in the middle of a line has no use for errors. */
async function complete(words: readonly string[], all: readonly Verb[], product: Product): Promise<number> {
  const { candidates } = await import('./completion.ts');
  const found = await candidates(words, all, product).catch((): readonly string[] => []);
  if (found.length > 0) process.stdout.write(`${found.join('\n')}\n`);
  return exitCode.done;
}

/** Options that may be given several times. */
const LISTS = ['set', 'only', 'skip', 'on', 'group', 'names'];

/** yargs makes a list of any option that is given twice, and nobody expects one. */
function refuseTwice(given: Readonly<Record<string, unknown>>): void {
  const isTwice = (key: string): boolean =>
    key.length > 1 && Array.isArray(given[key]) && !LISTS.includes(key);
  const twice = Object.keys(given).find(isTwice);
  if (twice !== undefined) throw new UsageError(`--${twice} is given twice`);
}

const codeOf = (error: unknown): number =>
  error instanceof HardwayError && error.code === 'BUSY' ? exitCode.busy : exitCode.failed;

/** What, where, evidence, remedy. */
function tell(error: unknown, json: boolean): void {
  terminal.hold();
  const known = error instanceof HardwayError;
  const message = error instanceof Error ? error.message : String(error);
  const evidence = known
    ? error.evidence
    : error instanceof Error
      ? (error.stack ?? '').split('\n').slice(1, 6)
      : [];
  const remedy = known
    ? error.remedy
    : 'This is a fault of Hardway itself; please report it with the lines above.';
  if (json) {
    const code = known ? error.code : 'INTERNAL';
    process.stderr.write(`${redactedJson({ type: 'failure', code, message, evidence, remedy })}\n`);
    return;
  }
  const lines = [
    `✗ ${message}`,
    ...evidence.map((line) => `    ${line}`),
    ...(remedy === undefined ? [] : [`  → ${remedy}`]),
  ];
  process.stderr.write(`${redact(printable(lines.join('\n')))}\n`);
}
