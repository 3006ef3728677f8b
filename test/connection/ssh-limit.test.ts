import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { HANDSHAKES, sshConnection } from '../../src/connection/ssh.ts';

it('a fleet is not called all at once', async () => {
  let called = 0;
  // Nobody is greeted, so that each caller stays for all of its time.
  const server = createServer((socket) => {
    called += 1;
    socket.on('error', () => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const options = { host: '127.0.0.1', port, user: 'nobody', keys: [], password: 'none', connectTimeout: 2 };
  const fleet = Array.from({ length: HANDSHAKES + 8 }, () =>
    sshConnection({ ...options, knownHosts: knownHosts('/nowhere') }),
  );
  const calls = Promise.allSettled(fleet.map((connection) => connection.connect()));
  await vi.waitFor(() => expect(called).toBe(HANDSHAKES));
  await sleep(200);
  expect(called).toBe(HANDSHAKES);
  await calls;
  expect(called).toBe(fleet.length);
  server.close();
});
