import type { spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { $, kill } from 'zx/core';
import type { Shell } from 'zx/core';
import { ConnectionError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { quote } from './quote.ts';

/** Process numbers no kernel hands out; zx needs one, and must never signal a process of ours with it. */
let nextPid = 2 ** 31;
const running = new Map<number, AbortController>();

/**
 * zx's face for a machine: `const on = shell(connection); await on`systemctl status ${unit}``. Each command is one
 * `run`: it has no standard input, its output arrives at its end, and killing it only lets go of it.
 * @param limit seconds, see RunOptions
 */
export function shell(connection: Connection, limit?: number): Shell {
  // zx looks its kill up globally, whichever process it is for.
  $.kill = async (pid, signal) => {
    const remote = running.get(Number(pid));
    if (remote) remote.abort();
    else await kill(pid, signal);
  };
  const spawnThere = (command: string, _: unknown, options: { signal?: AbortSignal }) =>
    start(connection, command, limit, options.signal);
  return $({ spawn: spawnThere as unknown as typeof spawn, quote, prefix: '', postfix: '', quiet: true });
}

/** Looks like a child process at once, and is one as soon as the connection answers. */
function start(connection: Connection, command: string, limit: number | undefined, signal?: AbortSignal) {
  const pid = nextPid++;
  const own = new AbortController();
  const stdin = new Writable({
    write: (_chunk, _encoding, done) => done(new Error('there is no standard input')),
  });
  const child = Object.assign(new EventEmitter(), {
    pid,
    stdin,
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  });
  stdin.on('error', (error) => child.emit('error', error));
  running.set(pid, own);

  async function attend(): Promise<void> {
    const aborted = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
    const result = await connection.run(command, { signal: aborted, ...(limit !== undefined && { limit }) });
    child.stdout.end(result.stdout);
    child.stderr.end(result.stderr);
    if (result.outcome === 'lost')
      throw new ConnectionError('lost', `${connection.label}: the connection broke`);
    // zx reads what was said before it hears of the end.
    await Promise.all(
      [child.stdout, child.stderr].map((stream) => stream.readableEnded || onceEnded(stream)),
    );
    finish(result.code, result.outcome === 'aborted' ? 'SIGTERM' : null);
  }
  function finish(code: number | null, by: NodeJS.Signals | null): void {
    running.delete(pid);
    child.emit('exit', code, by);
    child.emit('close', code, by);
  }
  attend().catch((error: unknown) => {
    child.emit('error', error);
    finish(null, null);
  });
  return Object.assign(child, { kill: () => own.abort() });
}

function onceEnded(stream: PassThrough): Promise<unknown> {
  return new Promise((resolve) => stream.once('end', resolve).once('close', resolve));
}
