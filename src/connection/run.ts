import { attend } from './attend.ts';
import type { Result, RunOptions } from './connection.ts';
import { newMarkers } from './frame.ts';
import { framedScript, scriptCommand } from './framed-script.ts';
import type { Transport } from './transport.ts';

const defaultLimit = 120;

/** Runs one script over a transport; see Connection.run. */
export function runScript(transport: Transport, script: string, options: RunOptions = {}): Promise<Result> {
  const markers = newMarkers();
  const limit = options.limit ?? defaultLimit;
  return attend(transport, {
    command: scriptCommand(limit),
    markers,
    limit,
    ...(options.onLine && { onLine: options.onLine }),
    ...(options.signal && { signal: options.signal }),
    async send(channel) {
      channel.stdin.end(
        framedScript(script, markers, { ...(options.alone !== undefined && { alone: options.alone }) }),
      );
    },
  });
}
