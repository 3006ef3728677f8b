import { ConnectionError } from '../errors.ts';
import type { Result, RunOptions } from './connection.ts';
import { frame } from './frame.ts';
import type { Markers } from './frame.ts';
import { eachLine } from './lines.ts';
import { tail } from './tail.ts';
import type { Channel, Transport } from './transport.ts';

const stdoutBytes = 8 * 1024 * 1024;
const stderrBytes = 64 * 1024;
/** Seconds the machine may be late with ending a script whose time is up. */
const graceSeconds = 30;

export interface Errand {
  readonly command: string;
  readonly markers: Markers;
  /** Seconds; the machine keeps to it, we only add a grace. */
  readonly limit: number;
  readonly onLine?: RunOptions['onLine'];
  readonly signal?: AbortSignal;
  /** Writes standard input; what it throws is kept for the caller, the errand ends by itself. */
  send(channel: Channel): Promise<void>;
}

/** Starts a framed command, feeds it, reads it, and says how it ended. */
export async function attend(transport: Transport, errand: Errand): Promise<Result> {
  const started = performance.now();
  const result = (
    outcome: Result['outcome'],
    code: number | null,
    stdout: string,
    stderr: string,
  ): Result => ({
    ok: outcome === 'ended' && code === 0,
    code,
    stdout,
    stderr,
    milliseconds: Math.round(performance.now() - started),
    outcome,
  });

  if (errand.signal?.aborted) return result('aborted', null, '', '');
  let channel: Channel;
  try {
    channel = await transport.exec(errand.command);
  } catch (error) {
    if (error instanceof ConnectionError && error.fault === 'lost')
      return result('lost', null, '', `${error.message.replace(`${transport.label}: `, '')}\n`);
    throw error;
  }

  const output = listen(channel, errand);
  // A sender that fails ends the input early: the script over there notices and cleans up.
  void errand.send(channel).catch(() => channel.stdin.end());
  const end = await theEnd(channel, output, errand);
  output.stop();
  if (end === 'over') channel.abandon(); // otherwise its output must go somewhere, or it dies of a broken pipe

  const { stdout, stderr } = output;
  if (end === 'aborted') return result(end, null, stdout(), stderr());
  if (end === 'lost') return result(end, null, stdout(), `${stderr()}${late(errand.limit)}\n`);
  const code = await channel.exited;
  if (code === null) return result('lost', null, stdout(), `${stderr()}${channel.loss()}\n`);
  if (output.code() !== null) {
    // Two independent witnesses: a success needs both.
    return result('ended', output.code() || code, stdout(), stderr());
  }
  if (code === 124 || code === 137) return result('limit', code, stdout(), stderr());
  if (output.begun()) return result('ended', code || 1, stdout(), `${stderr()}[the script was cut off]\n`);
  const why = `${transport.label}: the script did not begin (exit code ${code}); look at the login shell's start-up files\n`;
  return result('ended', code || 1, '', why + output.noise());
}

const late = (limit: number): string =>
  `no end within ${limit + graceSeconds} s, though its limit is ${limit} s`;

function listen(channel: Channel, errand: Errand) {
  const stdout = tail(stdoutBytes);
  const stderr = tail(stderrBytes);
  const noise = tail(4096);
  const split = errand.onLine && eachLine(errand.onLine);
  const out = frame(errand.markers, (bytes) => {
    stdout.add(bytes);
    split?.(bytes);
  });
  const err = frame(errand.markers, (bytes) => stderr.add(bytes));
  let stopped = false;
  let bothEnded: () => void;
  const framed = new Promise<void>((resolve) => (bothEnded = resolve));

  for (const [stream, into] of [[channel.stdout, out] as const, [channel.stderr, err] as const]) {
    // After the end we go on reading, so that nothing over there blocks on a full pipe.
    stream.on('data', (chunk: Buffer) => {
      if (stopped) return;
      if (!into.begun) noise.add(chunk);
      into.push(chunk);
      if (out.code !== null && err.code !== null) bothEnded();
    });
    stream.on('error', () => undefined);
  }
  return {
    framed,
    stop: () => {
      stopped = true;
      out.flush();
      err.flush();
    },
    begun: () => out.begun,
    code: () => out.code,
    stdout: () => stdout.text(),
    stderr: () => stderr.text(),
    noise: () => noise.text(),
  };
}

/** A daemon the script left behind may hold the streams open: the markers and the exit code are enough. */
async function theEnd(
  channel: Channel,
  output: { framed: Promise<void> },
  errand: Errand,
): Promise<'over' | 'aborted' | 'lost'> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ends: Promise<'over' | 'aborted' | 'lost'>[] = [
    channel.closed.then(() => 'over' as const),
    Promise.all([output.framed, channel.exited]).then(() => 'over' as const),
    new Promise((resolve) => {
      timer = setTimeout(() => resolve('lost'), (errand.limit + graceSeconds) * 1000);
    }),
    new Promise((resolve) => {
      onAbort = () => resolve('aborted');
      errand.signal?.addEventListener('abort', onAbort);
      if (errand.signal?.aborted) resolve('aborted'); // while it waited for its turn
    }),
  ];
  try {
    return await Promise.race(ends);
  } finally {
    clearTimeout(timer);
    if (onAbort) errand.signal?.removeEventListener('abort', onAbort);
  }
}
