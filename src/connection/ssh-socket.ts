import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A TCP connection born without Nagle's delay (ssh2 would leave it on: 40 ms for each command). */
export function openSocket(
  host: string,
  port: number,
  seconds: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: seconds * 1000, signal });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.once('error', fail);
    socket.once('timeout', () => fail(Object.assign(new Error('connect timed out'), { code: 'ETIMEDOUT' })));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
