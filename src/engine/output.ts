import { type Script, sh, verbatim } from '../connection/quote.ts';

/** Where the output of each phase stays on a machine, closed to others. */
export const LOGS = '/var/log/hardway';
/** Bytes: of a log before it makes room for the next one, and of an output that is sent here. */
const FULL = 1024 * 1024;
const SENT = 64 * 1024;

/** Defines hw_log, which adds what it reads to a log: when, what it was about, and the text. Best effort. */
const log = (name: string, what: string): Script => sh`hw_log() {
  ( umask 077
  log=${`${LOGS}/${name}.log`}
  mkdir -p ${LOGS}
  [ "$(stat -c %s "$log" || echo 0)" -lt ${FULL} ] || mv -f "$log" "$log.1"
  { echo "== $(date -u +%Y-%m-%dT%H:%M:%SZ) "${what.slice(0, 400)}; cat; } >>"$log" ) 2>/dev/null
}`;

/** Sends what it reads here, and adds it to a log. */
export const alsoKept = (name: string, what: string): Script => sh`${verbatim(log(name, what))}
hw_said=$(tail -c ${SENT})
printf '%s\n' "$hw_said"
printf '%s\n' "$hw_said" | hw_log`;

/** What a script left that was killed; one that still runs keeps its own. */
const forgetDead = sh`for hw_old in /run/hardway/output.*; do kill -0 "\${hw_old##*.}" || rm -f "$hw_old"; done`;

/**
 * From here on standard error is collected; when the script ends, also because its time was up, it is sent and added
 * to the log of the phase. Collected in memory: a full disk must not hide what it did.
 */
export const keepOutput = (phase: string, what: string): Script => sh`hw_out=/run/hardway/output.$$
${verbatim(log(phase, what))}
hw_keep() {
  [ -s "$hw_out" ] || { rm -f "$hw_out"; return; }
  tail -c ${SENT} "$hw_out" >&8
  hw_log <"$hw_out"
  rm -f "$hw_out"
}
if ( umask 077; mkdir -p /run/hardway && ${verbatim(forgetDead)} && : >"$hw_out" ) 2>/dev/null; then
  exec 8>&2 2>"$hw_out"
  trap hw_keep EXIT
  trap 'exit 143' TERM HUP
fi`;
