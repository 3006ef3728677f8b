import type { Argv } from 'yargs';

/** Options that every verb has. */
export interface Given {
  readonly file: string;
  readonly set: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** What another program is given, as it was typed. */
  readonly rest?: readonly string[];
  readonly [option: string]: unknown;
}

export interface Verb {
  /** yargs' form: "up", "node forget <name>". */
  readonly usage: string;
  /** One sentence for the list; false hides the verb, which the Vagrant shim calls. */
  readonly describe: string | false;
  readonly options: (yargs: Argv) => Argv;
  /** Returns the exit code. */
  run(given: Given): Promise<number>;
  /** Of the words behind its name, those that another program is given unread. */
  readonly handsOver?: HandsOver;
}

export type HandsOver = (behind: readonly string[]) => Handed;

export interface Handed {
  readonly own: readonly string[];
  readonly rest: readonly string[];
}

/** Gives `run` its options with their types; everything was checked by yargs before. */
export const verb = (
  usage: string,
  describe: string | false,
  options: (yargs: Argv) => Argv,
  run: (given: Given) => Promise<number>,
  handsOver?: HandsOver,
): Verb => ({ usage, describe, options, run, ...(handsOver === undefined ? {} : { handsOver }) });
