import yargs, { type Argv } from 'yargs';
import { withGlobals } from './globals.ts';
import { inTheirWords } from './mistakes.ts';
import type { Given, Verb } from './verb.ts';

export interface Parser {
  readonly args: readonly string[];
  readonly version: string;
  readonly verbs: readonly Verb[];
  /** Called with the verb that was asked for, its options checked. */
  readonly run: (verb: Verb, given: Given) => Promise<void>;
}

/** Words that people have in their fingers from other tools. */
const alsoCalled: Readonly<Record<string, readonly string[]>> = { down: ['destroy'] };

/** The command line as yargs understands it. Never ends the process; throws UsageError for what nobody can mean. */
export function parserOf({ args, version, verbs, run }: Parser): Argv {
  const parser = withGlobals(yargs([...args]))
    .scriptName('hardway')
    .usage('$0 <verb>\n\nReal Kubernetes clusters the hard way, from one cluster.json.')
    .parserConfiguration({ 'dot-notation': false, 'parse-numbers': false, 'boolean-negation': false })
    .version(version)
    .help()
    .alias('h', 'help')
    .strict()
    .exitProcess(false)
    .wrap(100)
    .fail((message, error) => {
      // Its own complaints come in both ways.
      const isComplaint = error === undefined || error.name === 'YError';
      throw isComplaint ? inTheirWords(message ?? error.message, args, verbs) : error;
    })
    .example('$0 plan', 'what would be done')
    .example('$0 up', 'do it; again and again, as often as you like')
    .example('$0 status', 'is all well, and if not, why')
    .example('$0 help up', 'everything about one verb');
  for (const verb of verbs) {
    parser.command({
      command: [verb.usage, ...(alsoCalled[verb.usage] ?? [])],
      describe: verb.describe,
      builder: verb.options,
      handler: (given) => run(verb, given as unknown as Given),
    });
  }
  return parser;
}
