import type { Report } from '../report/event.ts';
import { ndjsonReport } from '../report/ndjson.ts';
import { plainReport } from '../report/plain.ts';
import { appendToJournal } from '../state/journal.ts';
import type { State } from '../state/directory.ts';
import type { Given } from './verb.ts';

const write = (text: string): void => void process.stdout.write(text);

/** How this call wants to be told things. */
export const reportFor = ({ json, quiet, verbose }: Given, verb: 'plan' | 'up' = 'up'): Report =>
  json
    ? ndjsonReport(write)
    : plainReport({
        write,
        quiet,
        verbose,
        plan: verb === 'plan',
        colour: process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
      });

/** Also keeps an account in the state directory; `flush` waits until it is written. */
export function journaled(report: Report, state: State): { report: Report; flush: () => Promise<void> } {
  const run = new Date().toISOString();
  let written = Promise.resolve();
  return {
    report: (event) => {
      report(event);
      if (event.type !== 'progress') written = written.then(() => appendToJournal(state, run, event));
    },
    flush: () => written,
  };
}
