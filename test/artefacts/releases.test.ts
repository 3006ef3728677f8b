import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import type { Group, ReleaseRecipe } from '../../src/artefacts/lock.ts';
import { tar } from '../../src/artefacts/tar.ts';
import { lockFile, recorder, scratch, serve, serveFiles, sha256 } from './workbench.ts';

const tool = Buffer.from('#!/bin/sh\necho tool\n');
const single = { url: 'https://releases.test/v{version}/{file}', checksums: '{url}.sha256', sha256: {} };
const archive = {
  url: 'https://releases.test/all-{version}.tgz',
  checksums: 'https://releases.test/SUMS',
  sha256: {},
};

/** Provides `a` and `b` from a server, into a cache of their own. */
async function provide(
  recipe: ReleaseRecipe,
  url: string,
  options: { kind?: 'image'; stallSeconds?: number } = {},
) {
  const folder = scratch();
  mkdirSync(join(folder, 'modules/none'), { recursive: true });
  const image = { reference: 'example.org/a:v{version}', program: '/a' };
  const group: Group = {
    name: 'tools',
    version: '1.0.0',
    files:
      options.kind === 'image'
        ? [{ name: 'image:a', kind: 'image', image }]
        : [
            { name: 'a', kind: 'binary' },
            { name: 'b', kind: 'cni' },
          ],
    releases: recipe,
    modules: { folder: 'none', packages: {}, tags: [], ldflags: [], cgo: false },
  };
  const { report, events } = recorder();
  const provided = provideArtefacts({
    source: 'releases',
    report,
    lockFile: lockFile(folder, [group]),
    cache: folder,
    mirrors: { 'https://releases.test': url },
    ...options,
  });
  return { provided, events, store: join(folder, 'artefacts') };
}

const both = {
  '/v1.0.0/a': tool,
  '/v1.0.0/a.sha256': sha256(tool),
  '/v1.0.0/b': 'other',
  '/v1.0.0/b.sha256': `${sha256('other')}  b\n`,
};

describe('a download', () => {
  it('ends executable in the cache, with its digest beside it', async () => {
    const { url } = await serveFiles(both);
    const { provided, events } = await provide(single, url);
    const a = (await provided).get('a');
    expect(a).toMatchObject({ source: 'releases', sha256: sha256(tool), size: tool.length });
    expect(execFileSync(a.file).toString()).toBe('tool\n');
    expect(readFileSync(`${a.file}.sha256`, 'utf8')).toMatch(`${sha256(tool)}  a\n`);
    expect(events).toContainEqual({
      type: 'progress',
      task: 'download a',
      done: 20,
      total: 20,
      unit: 'bytes',
      rate: expect.any(Number) as number,
    });
  });

  it('is warned about as long as the lock does not pin it', async () => {
    const { url } = await serveFiles(both);
    const { provided, events } = await provide({ ...single, sha256: { a: sha256(tool) } }, url);
    await provided;
    const warnings = events.filter((event) => event.type === 'warning');
    expect(warnings).toMatchObject([{ text: expect.stringMatching(/^b has no sha256 in boxes/) }]);
  });

  it.each([
    ['the published sum', {}, { '/v1.0.0/a.sha256': sha256('else') }],
    ['the pinned sum', { a: sha256('else') }, {}],
    ['the published sum but the pinned one', { a: sha256(tool) }, { '/v1.0.0/a.sha256': sha256('else') }],
  ])('that does not match %s is refused with both hashes, and nothing stays', async (_, pins, answers) => {
    const { url } = await serveFiles({ ...both, ...answers });
    const { provided, store } = await provide({ ...single, sha256: pins }, url);
    await expect(provided).rejects.toMatchObject({
      message: 'https://releases.test/v1.0.0/a is not the expected file',
      evidence: expect.arrayContaining([
        expect.stringContaining(sha256('else')),
        expect.stringContaining(`received  sha256 ${sha256(tool)}`),
      ]),
    });
    expect(readdirSync(store)).toEqual([]);
  });

  it.each<[string, RegExp, RequestListener]>([
    [
      'is not to be had now',
      /\/v1\.0\.0\/a answered 503 Service Unavailable/,
      (_, response) => response.writeHead(503).end(),
    ],
    ['is not there', /\/v1\.0\.0\/a answered 404/, (_, response) => response.writeHead(404).end()],
    [
      'leads to plain http',
      /^http:\/\/example\.test\/a is not https$/,
      (_, response) => response.writeHead(302, { location: 'http://example.test/a' }).end(),
    ],
    [
      'stalls',
      /the download of .* sent nothing for 0.2 s/,
      (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('abc'),
    ],
    [
      'breaks off',
      /the download of .* broke off/,
      (_, response) =>
        void response.writeHead(200, { 'content-length': 9 }).write('abc', () => response.destroy()),
    ],
  ])('that %s is an error in words', async (_, words, answer) => {
    const url = await serve((request, response) =>
      request.url === '/v1.0.0/a.sha256' ? response.end(sha256(tool)) : answer(request, response),
    );
    const { provided, store } = await provide(single, url, { stallSeconds: 0.2 });
    await expect(provided).rejects.toThrow(words);
    expect(readdirSync(store)).toEqual([]);
  });

  it('follows at most five redirects', async () => {
    let asked = 0;
    const url = await serve((_, response) => response.writeHead(302, { location: `/${++asked}` }).end());
    await expect((await provide(single, url)).provided).rejects.toThrow('redirects more than 5 times');
    expect(asked).toBe(6);
  });

  it('may take long as long as something comes', async () => {
    const { url: whole } = await serveFiles(both);
    const url = await serve(async (request, response) => {
      const content = await (await fetch(whole + request.url)).text();
      for (const part of request.url === '/v1.0.0/a' ? content.match(/[^]{1,2}/g)! : [content]) {
        response.write(part);
        await setTimeout(80);
      }
      response.end();
    });
    const { provided, events } = await provide(single, url, { stallSeconds: 0.5 });
    await provided;
    const steps = events.filter((event) => event.type === 'progress' && event.task === 'download a');
    expect(steps.at(0)).toMatchObject({ total: 0 }); // no length was announced
    expect(steps.at(-1)).toMatchObject({ done: tool.length, total: tool.length });
  });

  it('may be redirected a few times', async () => {
    const { url: target } = await serveFiles(both);
    const url = await serve((request, response) =>
      response.writeHead(302, { location: `${target}${request.url}` }).end(),
    );
    await expect((await provide(single, url)).provided).resolves.toBeDefined();
  });
});

describe('an archive', () => {
  const pack = (path: string) => {
    const packed = gzipSync(
      tar([
        { path, content: tool, mode: 0o644 },
        { path: './bin/b', content: Buffer.from('other'), mode: 0o644 },
      ]),
    );
    return {
      '/all-1.0.0.tgz': packed,
      '/SUMS': `${sha256('x')}  else.tgz\n${sha256(packed)}  all-1.0.0.tgz\n`,
    };
  };
  const inBin = { ...archive, member: 'bin/{file}' };

  it('is fetched once and gives all its programs', async () => {
    const { url, asked } = await serveFiles(pack('bin/a'));
    const made = await (await provide(inBin, url)).provided;
    expect(made.all().map(({ file }) => readFileSync(file, 'utf8'))).toEqual([tool.toString(), 'other']);
    expect(asked).toEqual(['GET /SUMS', 'GET /all-1.0.0.tgz']);
  });

  it.each([
    ['lacks a program', 'bin/z', 'all-1.0.0.tgz holds no bin/a'],
    ['wants to leave its folder', '../a', 'all-1.0.0.tgz cannot be unpacked'],
  ])('that %s is refused', async (_, path, words) => {
    const { url } = await serveFiles(pack(path));
    const { provided, store } = await provide(inBin, url);
    await expect(provided).rejects.toThrow(words);
    expect(existsSync(join(store, '..', 'a'))).toBe(false);
    expect(readdirSync(store)).toEqual([]);
  });

  it('may hold the program of an image', async () => {
    const { url } = await serveFiles(pack('bin/a'));
    const image = (await (await provide(inBin, url, { kind: 'image' })).provided).get('image:a');
    expect(image).toMatchObject({ source: 'releases', reference: 'example.org/a:v1.0.0', kind: 'image' });
    const folder = scratch();
    writeFileSync(join(folder, 'run.sh'), `tar -xf ${image.file} && tar -xf */layer.tar && ./a`);
    expect(execFileSync('sh', ['run.sh'], { cwd: folder }).toString()).toBe('tool\n');
  });
});
