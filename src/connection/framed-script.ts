import type { Markers } from './frame.ts';

export interface Framing {
  /** The body reads the bytes that follow on the channel; otherwise nothing. */
  readonly input?: 'channel';
  /** See RunOptions. */
  readonly alone?: string;
}

/** Seconds to wait for another script; shorter than the limit of any script that waits. */
const turnSeconds = 60;

/** Held by the shell around the body, closed for the body itself: what it leaves running holds nothing. */
const takeTurn = (word: string): string => `hw_lock=/run/hardway/${word.replace(/[^A-Za-z0-9-]/g, '_')}.lock
if ( mkdir -p /run/hardway; : >>$hw_lock ) 2>/dev/null; then
exec 9>>$hw_lock
flock -n 9 || flock -w ${turnSeconds} 9 || { echo 'another run is at work on this machine; waited ${turnSeconds} s' >&2; hw_end 1; }
fi
`;

/**
 * The text sent to a machine: the body inside one function that is called on the last line, so that a connection
 * cut while sending runs nothing at all. The body is a subshell: whatever it does, the end marker is printed.
 */
export function framedScript(body: string, markers: Markers, framing: Framing = {}): string {
  const begin = markers.begin.trimEnd();
  const end = markers.end.trimEnd();
  return `hw_end() { echo "${end} $1" >&2; echo "${end} $1"; exit "$1"; }
hw_main() {
LC_ALL=C; LANG=C; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANG PATH; umask 022; ulimit -c 0
echo ${begin}; echo ${begin} >&2
${framing.alone === undefined ? '' : takeTurn(framing.alone)}(
:
${body}
)${framing.input === 'channel' ? '' : ' </dev/null'}${framing.alone === undefined ? '' : ' 9>&-'}
hw_end $?
}
hw_main
`;
}

/** One line that bash, dash, fish and csh read alike. The machine itself ends it after `limit` seconds. */
export function scriptCommand(limit: number): string {
  return `timeout -k 5 ${seconds(limit)} /bin/sh -s`;
}

/** As above, but only the first `bytes` of the input are the script; the rest is there for it to read. */
export function scriptThenContentCommand(limit: number, bytes: number): string {
  return `timeout -k 5 ${seconds(limit)} /bin/sh -c 'eval "$(head -c ${bytes})"'`;
}

function seconds(limit: number): number {
  if (!Number.isFinite(limit) || limit <= 0)
    throw new RangeError(`a limit is a positive number, not ${limit}`);
  return Math.ceil(limit);
}
