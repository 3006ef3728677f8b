import type { Connection } from '../connection/connection.ts';
import { type Script, sh, verbatim } from '../connection/quote.ts';
import { refuseLost } from '../engine/lost.ts';
import { MachineError, UsageError } from '../errors.ts';
import { printable } from '../report/printable.ts';
import { redact } from '../report/redact.ts';

export interface Wanted {
  readonly units: readonly string[];
  /** The files of one that runs as a pod of the machine's own kubelet: a pattern in which `$unit` is its name. */
  readonly podFiles: Script;
  /** At most so many; null: all. */
  readonly lines: number | null;
  /** Seconds back from now; null: from the beginning. */
  readonly since: number | null;
}

const UNKNOWN = 44;

/** What these wrote, oldest first; pods before units. Fails with UNKNOWN for one that never was. */
const written = ({ units, podFiles, lines, since }: Wanted, follow: boolean): Script => sh`units= pods=
for unit in ${units}; do
  if systemctl cat "$unit" >/dev/null 2>&1; then units="$units --unit=$unit"
  elif ls ${verbatim(podFiles)} >/dev/null 2>&1; then pods="$pods $unit"
  elif journalctl --unit="$unit" --lines=1 --quiet --no-pager | grep -q .; then units="$units --unit=$unit"
  else echo "$unit" >&2; exit ${UNKNOWN}
  fi
done
age=${since ?? ''}
from=$([ -z "$age" ] || date -u -d "-$age seconds" +%FT%T)
for unit in $pods; do
  like_journal="s/^([^ ]*) std[a-z]* [FP] /\\1 $(uname -n) $unit: /"
  ls -tr ${verbatim(podFiles)} | xargs -r cat | awk -v from="$from" '$1 >= from' | tail -n ${lines ?? '+1'} | sed -E "$like_journal"
  ${verbatim(follow ? sh`tail --pid=$$ -q -n 0 -F ${verbatim(podFiles)} 2>/dev/null | sed -u -E "$like_journal" &` : sh`:`)}
done
[ -n "$units" ] || ${verbatim(follow ? sh`{ wait; exit; }` : sh`exit 0`)}
exec journalctl --no-pager --quiet --output=short-iso $units ${[
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
