import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cut, cutName } from './cut.ts';
import { commit, type Outcome } from './report.ts';

/** What cuts came to, kept as they are made: a run that was ended goes on where it was, unless the sources changed. */
export interface Account {
  made(cut: Cut): Outcome | null;
  keep(outcome: Outcome): void;
}

export function openAccount(): Account {
  const name = commit();
  const file = join(tmpdir(), `hardway-kill-${name}.json`);
  // Sources that nobody committed may be any.
  const isFit = /^[0-9a-f]+$/.test(name) && existsSync(file);
  const kept = new Map<string, Outcome>(
    isFit ? (JSON.parse(readFileSync(file, 'utf8')) as [string, Outcome][]) : [],
  );
  return {
    made: (cut) => kept.get(cutName(cut)) ?? null,
    keep(outcome) {
      kept.set(cutName(outcome.cut), outcome);
      writeFileSync(file, JSON.stringify([...kept]));
    },
  };
}
