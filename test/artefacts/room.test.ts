import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import { inFullFileSystem } from '../fixtures/directories.ts';
import { unable } from '../fixtures/unable.ts';
import { fixture, serve, sha256 } from './workbench.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const obstacle = process.getuid?.() === 0 ? null : 'mounting needs root';
const content = Buffer.alloc(3_000_000, 'x');

describe.skipIf(unable('a full disk below the cache', obstacle))('a cache without room', () => {
  it.each([
    [
      'the server tells the size: nothing is fetched',
      true,
      /: 3000000 bytes needed, 2\d{6} free on this computer$/,
    ],
    ['it does not: what came is taken away again', false, /bytes needed, 0 free on this computer$/],
  ])('when %s', (_, tells, message) =>
    inFullFileSystem(async (cache) => {
      let sent = 0;
      const url = await serve((request, response) => {
        if (request.url?.endsWith('.sha256')) return response.end(sha256(content));
        response.writeHead(200, tells ? { 'content-length': content.length } : {});
        if (request.method === 'HEAD') return response.end();
        response.on('finish', () => (sent += 1));
        return response.end(content);
      });
      const making = provideArtefacts({
        ...{ source: 'releases', lockFile: fixture, cache, names: ['hello'], report: () => {} },
        mirrors: { 'https://releases.test': url },
      });
      const error = await making.catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        message: expect.stringMatching(message),
        remedy: 'Make room there and run again; nothing half-written was kept.',
      });
      expect(String(error)).toContain(`no space left for ${cache}`);
      expect(String(error)).toContain(`hello-${arch}`);
      expect(readdirSync(join(cache, 'artefacts'))).toEqual([]);
    }),
  );

  it('when it is full before anything begins', () =>
    inFullFileSystem(async (cache) => {
      writeFileSync(join(cache, 'filler'), Buffer.alloc(2 * 1024 * 1024));
      const url = await serve((_, response) => response.end(sha256(content)));
      const making = provideArtefacts({
        ...{ source: 'releases', lockFile: fixture, cache, names: ['hello'], report: () => {} },
        mirrors: { 'https://releases.test': url },
      });
      await expect(making).rejects.toThrow(/^no space left for .* 0 free on this computer$/);
    }));
});
