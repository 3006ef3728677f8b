import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { HANDSHAKES, sshConnection } from '../../src/connection/ssh.ts';

it('a fleet is not called all at once', async () => {
  let [now, most, all] = [0, 0, 0];
  // Nobody is greeted, so that each caller stays for all of its time.
  const server = createServer((socket) => {
    [now, all] = [now + 1, all + 1];
    most = Math.max(most, now);
    socket.on('error', () => undefined).on('close', () => (now -= 1));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const fleet = Array.from({ length: HANDSHAKES + 8 }, () =>
    sshConnection({
      host: '127.0.0.1',
      port,
      user: 'nobody',
      keys: [],
      password: 'none',
      knownHosts: knownHosts('/nowhere'),
      connectTimeout: 1,
    }),
  );
  const results = await Promise.allSettled(fleet.map((connection) => connection.connect()));
  server.close();
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect([most, all]).toEqual([HANDSHAKES, fleet.length]);
});
