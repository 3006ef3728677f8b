import type { Connection } from '../connection/connection.ts';
import { type Script, sh } from '../connection/quote.ts';
import { refuseLost } from '../engine/lost.ts';
import { MachineError, UsageError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import { redact } from '../report/redact.ts';

export interface Wanted {
  readonly units: readonly string[];
  /** At most so many; null: all. */
  readonly lines: number | null;
  /** Seconds back from now; null: from the beginning. */
  readonly since: number | null;
}

const UNKNOWN = 44;

/** What these units wrote, oldest first. Fails with UNKNOWN for a unit that never was. */
const written = ({ units, lines, since }: Wanted, follow: boolean): Script => sh`for unit in ${units}; do
  systemctl cat "$unit" >/dev/null 2>&1 && continue
  journalctl --unit="$unit" --lines=1 --quiet --no-pager | grep -q . || { echo "$unit" >&2; exit ${UNKNOWN}; }
done
exec journalctl --no-pager --quiet --output=short-iso ${units.map((unit) => `--unit=${unit}`)} ${[
  `--lines=${lines ?? 'all'}`,
  ...(since === null ? [] : [`--since=-${since}s`]),
  ...(follow ? ['--follow'] : []),
]}`;

/** Seconds for logs that end, and for those that are followed before they are asked for anew. */
const LIMIT = 300;
const FOLLOWED = 86_400;

export interface Reading {
  /** Called with each line as it may be shown. */
  readonly onLine: (line: string) => void;
  /** Goes on with what comes, until the signal; otherwise only what is there already. */
  readonly follow: boolean;
  /** Nobody reads any more. */
  readonly signal: AbortSignal;
}

/** Hands out log lines of one machine. Throws UsageError for an unknown unit, MachineError, ConnectionError. */
export async function readLogs(
  machine: string,
  connection: Connection,
  wanted: Wanted,
  { onLine, follow, signal }: Reading,
): Promise<void> {
  for (let part = wanted; ; part = { ...wanted, lines: 0, since: null }) {
    const result = await connection.run(written(part, follow), {
      limit: follow ? FOLLOWED : LIMIT,
      onLine: (line) => onLine(redact(printable(line))),
      signal,
    });
    if (result.outcome === 'limit' && follow) continue;
    if (result.ok || result.outcome === 'aborted') return;
    refuseLost(machine, result, 'while its logs were read');
    const evidence = result.stderr.trim().split('\n').slice(-5);
    if (result.code === UNKNOWN) throw new UsageError(`there is no unit ${evidence.at(-1)} on ${machine}`);
    throw new MachineError(machine, `its logs cannot be read (${result.outcome}, exit ${result.code})`, {
      evidence,
    });
  }
}
