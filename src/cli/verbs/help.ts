import { exitCode } from '../exit-codes.ts';
import { type Verb, verb } from '../verb.ts';

/** Only for the list of verbs: main shows what --help does. */
export const help: Verb = verb(
  'help [verb]',
  'Show what there is, or everything about one verb',
  (yargs) => yargs.positional('verb', { type: 'string' }).example('$0 help pki', 'its options, and examples'),
  async () => exitCode.done,
);
