import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Lab } from './lab.ts';

interface Kubeconfig {
  readonly clusters: readonly { cluster: { server: string; 'certificate-authority-data': string } }[];
  readonly users: readonly { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** A door before the real API that sends each writer away once, for a second. */
export async function throttle(lab: Lab) {
  const config = parse(readFileSync(join(lab.folder, '.hardway', 'kubeconfig'), 'utf8')) as Kubeconfig;
  const bytes = (text = ''): Buffer => Buffer.from(text, 'base64');
  const credential = {
    ca: bytes(config.clusters[0]?.cluster['certificate-authority-data']),
    cert: bytes(config.users[0]?.user['client-certificate-data']),
    key: bytes(config.users[0]?.user['client-key-data']),
  };
  const sentAway: string[] = [];
  const server = createServer((asked, answer) => {
    const what = `${asked.method} ${asked.url}`;
    if (asked.method !== 'GET' && !sentAway.includes(what)) {
      sentAway.push(what);
      answer.writeHead(429, { 'retry-after': '1' }).end('too many requests');
      return;
    }
    const { host: _, ...headers } = asked.headers;
    const url = `${config.clusters[0]?.cluster.server}${asked.url}`;
    const there = request(url, { ...credential, method: asked.method, headers }, (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.pipe(answer);
    });
    there.on('error', () => answer.destroy());
    asked.pipe(there);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sentAway,
    close: () => server.close(),
  };
}
