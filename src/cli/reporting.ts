import { asError } from '../engine/as-error.ts';
import type { Report } from '../report/event.ts';
import { type Live, live } from '../report/live.ts';
import { ndjsonReport } from '../report/ndjson.ts';
import { plainReport } from '../report/plain.ts';
import { terminal } from '../report/terminal.ts';
import { appendToJournal } from '../state/journal.ts';
import { appendOutput } from '../state/runs.ts';
import type { State } from '../state/directory.ts';
import type { Given } from './verb.ts';

const { stdout, env } = process;

/** How this call wants to be told things. */
export function reportFor(given: Given, verb: 'plan' | 'up' = 'up'): Report {
  const { json, quiet, verbose } = given;
  if (json) return ndjsonReport(terminal.print);
  const colour = stdout.isTTY === true && env['NO_COLOR'] === undefined;
  const plain = plainReport({ write: terminal.print, quiet, verbose, plan: verb === 'plan', colour });
  if (!isLively(given)) return plain;
  const picture = pictured(colour);
  return (event) => {
    // Bars take the place of its lines.
    if (event.type !== 'progress') plain(event);
    picture.take(event);
  };
}

/** Where lines can be painted over, and somebody looks at them. */
const isLively = (given: Given): boolean =>
  stdout.isTTY === true &&
  !given.quiet &&
  given['from-vagrant'] === undefined &&
  env['TERM'] !== 'dumb' &&
  (env['CI'] ?? '') === '';

const MILLISECONDS = 100;
let picture: Live | undefined;

/** One picture, whichever part of a verb tells. */
function pictured(colour: boolean): Live {
  if (picture !== undefined) return picture;
  const made = live({ screen: terminal, colour, now: () => Date.now() });
  setInterval(() => made.paint(), MILLISECONDS).unref();
  process.once('exit', () => terminal.hold());
  return (picture = made);
}

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
      const write = () =>
        event.type === 'output' ? appendOutput(state, run, event) : appendToJournal(state, run, event);
      written = written.then(() => (isWritable ? write().catch(give) : undefined));
    },
    flush: () => written,
  };
}
