import { PassThrough } from 'node:stream';
import { setImmediate as soon } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ahead } from '../../src/connection/ssh-ahead.ts';
import type { Channel } from '../../src/connection/transport.ts';

/** A server that has one session to give: who comes second waits until it is free, or is refused. */
function oneSession() {
  let isTaken = false;
  const began: string[] = [];
  let end = (): void => undefined;
  const take = (command: string): Channel => {
    isTaken = true;
    began.push(command);
    const closed = new Promise<void>((resolve) => {
      end = () => {
        isTaken = false;
        resolve();
      };
    });
    const stdin = new PassThrough();
    stdin.on('data', (line: Buffer) => began.push(String(line).trim()));
    const exited = closed.then(() => 0);
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    return { stdin, stdout, stderr, exited, closed, loss: () => '', abandon: () => undefined };
  };
  return {
    began,
    end: async () => {
      end();
      await soon();
    },
    start: async (command: string) => {
      while (isTaken) await soon();
      return take(command);
    },
    spare: async (command: string) => {
      if (isTaken) throw new Error('there is no room');
      return take(command);
    },
  };
}

it('a command never waits for a shell that waits for a command', { timeout: 2000 }, async () => {
  const server = oneSession();
  const exec = ahead(server.start, server.spare);
  for (const command of ['first', 'second', 'third', 'fourth']) {
    await exec(command);
    await soon();
    await server.end();
  }
  expect(server.began.filter((text) => /first|second|third|fourth/.test(text))).toHaveLength(4);
});
