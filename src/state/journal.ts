import { appendFile } from 'node:fs/promises';
import type { Event } from '../report/event.ts';
import { redact } from '../report/redact.ts';
import type { State } from './directory.ts';

/** Adds one line to the account of what happened; it is never read to decide anything. */
export async function appendToJournal(state: State, run: string, event: Event): Promise<void> {
  const line = JSON.stringify({ time: new Date().toISOString(), run, ...event });
  await appendFile(state.path('journal.ndjson'), `${redact(line)}\n`, { mode: 0o600 });
}
