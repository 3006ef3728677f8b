import type { Report } from './event.ts';
import { redactedJson } from './redact.ts';

/** One JSON object a line, for programs. */
export const ndjsonReport =
  (write: (text: string) => void): Report =>
  (event) =>
    write(`${redactedJson({ time: new Date().toISOString(), ...event })}\n`);
