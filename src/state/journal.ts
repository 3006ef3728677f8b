import { appendFile } from 'node:fs/promises';
import type { Event } from '../report/event.ts';
import { writeError } from '../here.ts';
import { redactedJson } from '../report/redact.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';

/** One line of the account. */
export type Entry = Event & { readonly time: string; readonly run: string };

/** How each line begins. */
const BEGIN = '{"time":"';

/** The whole account, oldest first; a line that was cut off is left out, not the one that follows it. */
export async function readJournal(state: State): Promise<Entry[]> {
  const text = (await readText(state.path('journal.ndjson'))) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line.slice(Math.max(0, line.lastIndexOf(BEGIN)))) as Entry];
    } catch {
      return [];
    }
  });
}

/** Adds one line to the account of what happened; it is never read to decide anything. */
export async function appendToJournal(state: State, run: string, event: Event): Promise<void> {
  const line = redactedJson({ time: new Date().toISOString(), run, ...event });
  const file = state.path('journal.ndjson');
  await appendFile(file, `${line}\n`, { mode: 0o600 }).catch((error: unknown) => {
    throw writeError(error, file);
  });
}
