import type { Markers } from './frame.ts';

/** Where the body's standard input comes from: nowhere, or the bytes that follow on the channel. */
export type Input = 'none' | 'channel';

/**
 * The text sent to a machine: the body inside one function that is called on the last line, so that a connection
 * cut while sending runs nothing at all. The body is a subshell: whatever it does, the end marker is printed.
 */
export function framedScript(body: string, markers: Markers, input: Input = 'none'): string {
  const begin = markers.begin.trimEnd();
  const end = markers.end.trimEnd();
  return `hw_main() {
LC_ALL=C; LANG=C; PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL LANG PATH; umask 022; ulimit -c 0
echo ${begin}; echo ${begin} >&2
(
:
${body}
)${input === 'none' ? ' </dev/null' : ''}
hw_code=$?
echo "${end} $hw_code" >&2; echo "${end} $hw_code"
exit "$hw_code"
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
