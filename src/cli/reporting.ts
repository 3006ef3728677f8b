import { asError } from '../engine/as-error.ts';
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
  let isWritable = true;
  // It decides nothing: a run goes on without it, and says so once.
  const give = (error: unknown): void => {
    isWritable = false;
    report({ type: 'warning', text: `the journal ends here: ${asError(error).message}` });
  };
  return {
    report: (event) => {
      report(event);
      if (event.type === 'progress') return;
      written = written.then(() => (isWritable ? appendToJournal(state, run, event).catch(give) : undefined));
    },
    flush: () => written,
  };
}
