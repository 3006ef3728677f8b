import type { Report } from './event.ts';
import { redact } from './redact.ts';

/** One JSON object a line, for programs. */
export const ndjsonReport =
  (write: (text: string) => void): Report =>
  (event) =>
    write(`${redact(JSON.stringify({ time: new Date().toISOString(), ...event }))}\n`);
