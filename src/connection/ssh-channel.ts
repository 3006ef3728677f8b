import type { Client, ClientChannel } from 'ssh2';
import { signalCode } from './signal-code.ts';
import type { Channel } from './transport.ts';

/**
 * Asks for one command; rejects with ssh2's error when the server opens no session. `whenFree` is called when the
 * server has forgotten it, `loss` when the connection broke.
 */
export function execOn(
  client: Client,
  command: string,
  whenFree: () => void,
  loss: () => string,
): Promise<Channel> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) reject(error);
      // Listened to at once: what ends quickly has its end in the packet that says that it began.
      else resolve(adapt(client, channel, whenFree, loss));
    });
  });
}

/** ssh2's channel in our words. */
function adapt(client: Client, channel: ClientChannel, whenFree: () => void, loss: () => string): Channel {
  let settleExit: (code: number | null) => void;
  const exited = new Promise<number | null>((resolve) => (settleExit = resolve));
  const closed = new Promise<void>((resolve) => {
    // 'close' waits for somebody to read standard output; a broken connection must not.
    const over = (): void => {
      settleExit(null); // no effect after a real exit
      client.off('close', over);
      whenFree();
      resolve();
    };
    channel.once('close', over);
    client.once('close', over);
  });
  channel.on('exit', (code: number | null, signal?: string) => settleExit(code ?? signalCode(signal)));
  channel.on('error', () => undefined);
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    exited,
    closed,
    loss,
    abandon: () => channel.close(),
  };
}
