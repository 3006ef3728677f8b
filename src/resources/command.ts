import { type Script, sh, verbatim } from '../connection/quote.ts';
import type { Answer, Batch, Question } from '../engine/resource.ts';

const MARK = '--- hardway answer ';

/** Questions that share nothing: each is a small script of its own, run one after another in one channel. */
const commands: Batch = {
  name: 'command',
  script: (asks) =>
    asks
      .map((ask, index) => sh`echo ${`${MARK}${index}`}\n(\n${verbatim(ask as Script)}\n)\n`)
      .join('') as Script,
  answers: (output, asks) => {
    const parts = new Map<number, string>();
    for (const part of output.split(MARK).slice(1)) {
      const end = part.indexOf('\n');
      parts.set(Number(part.slice(0, end)), part.slice(end + 1).trimEnd());
    }
    return asks.map((_, index) => parts.get(index) ?? null);
  },
};

/** A question that no other kind asks; `script` only reads, `parse` gets what it printed. */
export const command = (script: Script, parse: (output: string) => Answer): Question => ({
  batch: commands,
  ask: script,
  parse: (output) => (output === null ? null : parse(output)),
});
