import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Group } from '../../src/artefacts/lock.ts';
import type { Event } from '../../src/report/event.ts';

/** A folder that goes away with the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-artefacts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A web server on loopback that ends with the test; returns its address without a slash. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of fixed answers that also tells what was asked. */
export async function serveFiles(
  files: Readonly<Record<string, Buffer | string>>,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const content = files[request.url ?? ''];
    response
      .writeHead(content === undefined ? 404 : 200)
      .end(request.method === 'HEAD' ? undefined : content);
  });
  return { url, asked };
}

/** A lock file with only these groups. */
export function lockFile(folder: string, groups: readonly Group[]): string {
  const file = join(folder, 'artefacts.json');
  writeFileSync(file, JSON.stringify({ groups }));
  return file;
}

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Takes events and keeps them. */
export function recorder(): { report: (event: Event) => void; events: Event[] } {
  const events: Event[] = [];
  return { events, report: (event) => void events.push(event) };
}

/** A lock with one Go program and one image of a C program, both without dependencies. */
export const fixture = fileURLToPath(new URL('../fixtures/artefacts/artefacts.json', import.meta.url));
