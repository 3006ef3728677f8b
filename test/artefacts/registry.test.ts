import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import { readLock, type Group } from '../../src/artefacts/lock.ts';
import { tar, untar } from '../../src/artefacts/tar.ts';
import { fixture, lockFile, recorder, scratch, serve, sha256 } from './workbench.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const other = arch === 'arm64' ? 'amd64' : 'arm64';
const program = Buffer.from('#!/bin/sh\necho still\n');
const still = readLock(fixture).groups.find(({ name }) => name === 'still') as Group;

interface Image {
  readonly index: Buffer;
  readonly manifest: Buffer;
  readonly layer: Buffer;
  /** A layer on top. */
  readonly above?: Buffer;
}

/** An image as a registry keeps it; each part names the next one by its digest. */
function imageOf(
  layer = layerOf('still'),
  platform: object = { os: 'linux', architecture: arch },
  above?: Buffer,
): Image {
  const config = { digest: `sha256:${sha256('{}')}` };
  const layers = [layer, ...(above === undefined ? [] : [above])].map((each) => ({
    digest: `sha256:${sha256(each)}`,
  }));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers }));
  const foreign = { digest: `sha256:${sha256('foreign')}` };
  const manifests = [
    { ...foreign, platform: { os: 'windows', architecture: arch } },
    { ...foreign, platform: { os: 'linux', architecture: 's390x' } },
    { digest: `sha256:${sha256(manifest)}`, platform },
  ];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));
  return { index, manifest, layer, ...(above === undefined ? {} : { above }) };
}

function layerOf(path: string, content: Buffer = program): Buffer {
  return gzipSync(tar([{ path, content, mode: 0o755 }]));
}

/** Serves an image, or in place of one of its parts something else, under the digests that it should have. */
async function serveImage(image: Image, instead: Partial<Image> = {}, headers: object = {}) {
  const asked: string[] = [];
  const parts = { ...image, ...instead };
  const answers: Readonly<Record<string, readonly [Buffer, string]>> = {
    '/v2/still/manifests/0.1.0': [parts.index, 'application/vnd.oci.image.index.v1+json'],
    [`/v2/still/manifests/sha256:${sha256(image.manifest)}`]: [
      parts.manifest,
      'application/vnd.docker.distribution.manifest.v2+json',
    ],
    [`/elsewhere/${sha256(image.layer)}`]: [parts.layer, '*/*'],
    ...(image.above === undefined ? {} : { [`/elsewhere/${sha256(image.above)}`]: [image.above, '*/*'] }),
  };
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const [, blob] = /^\/v2\/still\/blobs\/sha256:(.*)$/.exec(request.url ?? '') ?? [];
    if (blob !== undefined) return response.writeHead(307, { location: `/elsewhere/${blob}` }).end();
    const [content, type] = answers[request.url ?? ''] ?? [];
    if (content === undefined || type === undefined) return response.writeHead(404).end();
    // As the registries do: no form that was not asked for.
    if (!request.headers.accept?.split(', ').includes(type)) return response.writeHead(406).end();
    response.writeHead(200, { 'content-length': content.length, ...headers });
    return response.end(request.method === 'HEAD' ? undefined : content);
  });
  return { url, asked };
}

/** Provides the image from a server into a cache of its own. */
function provide(url: string, sha256: Readonly<Record<string, string>> = {}, source?: 'auto') {
  const folder = scratch();
  mkdirSync(join(folder, 'modules/hello'), { recursive: true });
  const registry = { registry: 'https://registry.test', repository: 'still', tag: '{version}' };
  const { report, events } = recorder();
  const provided = provideArtefacts({
    source: source ?? 'releases',
    report,
    lockFile: lockFile(folder, [{ ...still, releases: { ...registry, member: '{file}', sha256 } }]),
    cache: folder,
    mirrors: { 'https://registry.test': url },
    stallSeconds: 0.5,
  });
  return { provided, events, store: join(folder, 'artefacts') };
}

describe('an image of a registry', () => {
  it('becomes the archive that compiling the same program gives', { timeout: 120_000 }, async () => {
    const report = (): void => {};
    const options = { lockFile: fixture, cache: scratch(), names: ['image:still'], report };
    const compiled = (await provideArtefacts({ ...options, source: 'modules' })).get('image:still');
    const parts = [...untar(readFileSync(compiled.file)).values()];
    const layer = parts.find(({ path }) => path.endsWith('/layer.tar'))?.content as Buffer;
    const bytes = untar(layer).get('still')?.content as Buffer;

    const { url, asked } = await serveImage(imageOf(layerOf('still', bytes)));
    const { provided, events, store } = provide(url);
    const pulled = (await provided).get('image:still');
    expect(pulled).toMatchObject({ source: 'releases', reference: 'example.org/still:0.1.0', kind: 'image' });
    expect(readFileSync(pulled.file).equals(readFileSync(compiled.file))).toBe(true);
    expect(asked).toHaveLength(4); // index, manifest, layer and where it lies
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'progress', task: 'download still:0.1.0' }),
    );
    const [folder = ''] = readdirSync(store);
    expect(readdirSync(join(store, folder)).sort()).toEqual(['still.tar', 'still.tar.sha256']);
  });

  it('is searched from its uppermost layer on: what is added last hides what lies below', async () => {
    const programIn = async (image: Image): Promise<string | undefined> => {
      const { file } = (await provide((await serveImage(image)).url).provided).get('image:still');
      const parts = [...untar(readFileSync(file)).values()];
      const layer = parts.find(({ path }) => path.endsWith('/layer.tar'))?.content as Buffer;
      return untar(layer).get('still')?.content?.toString();
    };
    expect(await programIn(imageOf(layerOf('still'), undefined, layerOf('etc/motd')))).toBe(`${program}`);
    const above = layerOf('still', Buffer.from('newer'));
    expect(await programIn(imageOf(layerOf('still'), undefined, above))).toBe('newer');
  });

  it('is asked for with HEAD first when the source is auto, in a form that the registry has', async () => {
    const { url, asked } = await serveImage(imageOf());
    expect((await provide(url, {}, 'auto').provided).get('image:still').source).toBe('releases');
    expect(asked[0]).toBe('HEAD /v2/still/manifests/0.1.0');
  });

  it('is warned about as long as the lock does not pin its index', async () => {
    const image = imageOf();
    const { url } = await serveImage(image);
    const warnings = async (pins: Readonly<Record<string, string>>) => {
      const { provided, events } = provide(url, pins);
      await provided;
      return events.filter((event) => event.type === 'warning').map(({ text }) => text);
    };
    expect(await warnings({})).toEqual([expect.stringMatching(/^still:0\.1\.0 has no sha256 in boxes/)]);
    expect(await warnings({ 'still:0.1.0': sha256(image.index) })).toEqual([]);
  });
});

describe('a part of an image with another digest is refused with both hashes, and nothing stays', () => {
  const image = imageOf();
  const evil = imageOf(layerOf('still', Buffer.from('evil')));
  const pin = { 'still:0.1.0': sha256(image.index) };
  const said = { 'docker-content-digest': `sha256:${sha256(image.index)}` };

  it.each([
    ['index, by the pin', 'index', 'manifests/0.1.0', 'pinned   ', pin, {}],
    ['index, by what the registry says', 'index', 'manifests/0.1.0', 'published', {}, said],
    ['manifest', 'manifest', `manifests/sha256:${sha256(image.manifest)}`, 'published', {}, {}],
    ['layer', 'layer', `blobs/sha256:${sha256(image.layer)}`, 'published', pin, {}],
  ] as const)('%s', async (_, part, path, witness, pins, headers) => {
    const { url, asked } = await serveImage(image, { [part]: evil[part] }, headers);
    const { provided, store } = provide(url, pins);
    await expect(provided).rejects.toMatchObject({
      message: `https://registry.test/v2/still/${path} is not the expected file`,
      evidence: [`${witness} sha256 ${sha256(image[part])}`, `received  sha256 ${sha256(evil[part])}`],
    });
    expect(readdirSync(store)).toEqual([]);
    expect(asked.slice(-1)).toEqual([
      part === 'layer' ? `GET /elsewhere/${sha256(image.layer)}` : `GET /v2/still/${path}`,
    ]);
  });
});

describe('an image that cannot be used is an error in words, and nothing stays:', () => {
  const layers = (...digests: readonly unknown[]): Image => {
    const manifest = Buffer.from(JSON.stringify({ layers: digests.map((digest) => ({ digest })) }));
    const platform = { os: 'linux', architecture: arch };
    const manifests = [{ digest: `sha256:${sha256(manifest)}`, platform }];
    return { index: Buffer.from(JSON.stringify({ manifests })), manifest, layer: layerOf('still') };
  };
  const indexed = (text: string): Image => ({ ...imageOf(), index: Buffer.from(text) });

  it.each([
    [
      'another architecture',
      imageOf(undefined, { os: 'linux', architecture: other }),
      `no image for linux/${arch}`,
    ],
    [
      'another system',
      imageOf(undefined, { os: 'windows', architecture: arch }),
      `no image for linux/${arch}`,
    ],
    ['a layer without the program', imageOf(layerOf('stall')), 'no layer of still:0.1.0 holds still'],
    ['a layer that leaves its folder', imageOf(layerOf('../still')), 'still:0.1.0 cannot be unpacked'],
    ['a layer that is no archive', imageOf(Buffer.from('text')), 'still:0.1.0 cannot be unpacked'],
    [
      'a digest that leads elsewhere',
      layers('../../x'),
      'still:0.1.0 names a part by "../../x", which is no sha256',
    ],
    [
      'an index of 5 MiB',
      indexed(`{"manifests":[]}${' '.repeat(5 << 20)}`),
      'manifests/0.1.0 is far too long',
    ],
    ['a web page', indexed('<html></html>'), 'the index of still:0.1.0 is not JSON'],
    ['an index of nothing', indexed('null'), 'the index of still:0.1.0 lists no manifests'],
  ] as const)('%s', async (_, image, words) => {
    const { provided, store } = provide((await serveImage(image)).url);
    await expect(provided).rejects.toThrow(words);
    expect(readdirSync(store)).toEqual([]);
  });

  it.each([
    ['no such image', 404, {}, /manifests\/0\.1\.0 answered 404/],
    ['plain http', 307, { location: 'http://example.test/v2' }, /^http:\/\/example\.test\/v2 is not https$/],
    ['redirects without end', 307, { location: '/again' }, /redirects more than 5 times/],
  ] as const)('%s', async (_, status, headers, words) => {
    const url = await serve((_request, response) => response.writeHead(status, headers).end());
    const { provided, store } = provide(url);
    await expect(provided).rejects.toThrow(words);
    expect(readdirSync(store)).toEqual([]);
  });

  it('silence', async () => {
    const { provided } = provide(await serve(() => {}));
    await expect(provided).rejects.toMatchObject({
      message: expect.stringMatching(/manifests\/0\.1\.0 sent nothing for 0\.5 s$/),
      remedy: expect.stringContaining('artefacts.source "modules"'),
    });
  });
});
