import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { ConnectionError } from '../errors.ts';
import { hangUp, openClient } from './ssh-client.ts';
import type { Opened, SshOptions } from './ssh-client.ts';
import { type Way, wayFault } from './way.ts';

/** Through another SSH server, with one connection to it for all machines behind it. Nothing is run there. */
export function throughBastion(options: SshOptions): Way {
  const label = options.label ?? options.host;
  let opening: Promise<Opened> | undefined;
  let end = new AbortController();

  function gate(): Promise<Opened> {
    if (opening !== undefined) return opening;
    end = new AbortController();
    const forget = (): void => {
      if (opening === mine) opening = undefined;
    };
    const mine = openClient(label, options, end.signal).then((opened) => {
      opened.client.setMaxListeners(0); // one for each machine behind it
      opened.client.once('close', forget);
      return opened;
    });
    mine.catch(forget);
    opening = mine;
    return mine;
  }

  return {
    async open(host, port, seconds, signal) {
      const { client } = await gate();
      return forwarded(client, host, port, seconds, signal, label);
    },
    close() {
      end.abort();
      opening?.then(hangUp).catch(() => undefined);
      opening = undefined;
    },
  };
}

function forwarded(
  client: Client,
  host: string,
  port: number,
  seconds: number,
  signal: AbortSignal,
  through: string,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // The other side's own patience may be minutes.
    const late = (): void => fail(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }));
    const timer = setTimeout(late, seconds * 1000);
    const lost = (): void => fail(new ConnectionError('lost', `the connection to ${through} broke`));
    const aborted = (): void => fail(new Error('aborted'));
    let settled = false;
    const settle = (): void => {
      settled = true;
      clearTimeout(timer);
      client.off('close', lost);
      signal.removeEventListener('abort', aborted);
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    client.once('close', lost);
    signal.addEventListener('abort', aborted);
    client.forwardOut('127.0.0.1', 0, host, port, (error, channel) => {
      if (settled) return void channel?.destroy();
      if (error) return fail(wayFault(through, `${host}:${port}`, error));
      settle();
      resolve(channel);
    });
  });
}
