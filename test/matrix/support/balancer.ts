import { connect, createServer, type Socket } from 'node:net';

const PORT = 6443;

/** Somebody else's balancer, at an address of this computer, that leads to these; what is returned ends it. */
export async function balancer(at: string, addresses: readonly string[]): Promise<() => void> {
  const server = createServer((client) => leadOn(client, addresses));
  await new Promise<void>((listening) => server.listen(PORT, at, listening));
  return () => void server.close();
}

/** The smallest balancer there is: the first of these that takes the call. */
function leadOn(client: Socket, [first, ...others]: readonly string[]): void {
  if (first === undefined) return void client.destroy();
  const server = connect({ host: first, port: PORT, timeout: 500 });
  let taken = false;
  server.once('connect', () => {
    taken = true;
    server.setTimeout(0);
    client.pipe(server).pipe(client);
  });
  server.once('timeout', () => server.destroy(new Error('no answer')));
  server.on('error', () => (taken ? client.destroy() : leadOn(client, others)));
  client.on('error', () => server.destroy());
  client.once('close', () => server.destroy());
}
