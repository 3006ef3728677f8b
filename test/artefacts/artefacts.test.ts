import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cachedArtefacts, provideArtefacts, verifyArtefact } from '../../src/artefacts/artefacts.ts';
import { defaultCache } from '../../src/artefacts/cache.ts';
import { readLock, type Group } from '../../src/artefacts/lock.ts';
import { fixture, lockFile, recorder, scratch, serve, serveFiles, sha256 } from './workbench.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const helloFiles = {
  [`/v1.2.3/hello-${arch}`]: 'released',
  [`/v1.2.3/hello-${arch}.sha256`]: sha256('released'),
};
const names = ['hello'];
const report = (): void => {};

let cache = '';
beforeEach(() => {
  cache = scratch();
});

/** Fills the cache of the test from a local server. */
async function released() {
  const { url } = await serveFiles(helloFiles);
  const mirrors = { 'https://releases.test': url };
  return (
    await provideArtefacts({ source: 'releases', lockFile: fixture, cache, mirrors, names, report })
  ).get('hello');
}

/** The best of five, for a busy machine says nothing about the work itself. */
async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  let best = Infinity;
  for (let turn = 0; turn < 5; turn++) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

describe('source auto', () => {
  it('takes releases when they answer', async () => {
    const { url, asked } = await serveFiles(helloFiles);
    const mirrors = { 'https://releases.test': url };
    const made = await provideArtefacts({ source: 'auto', lockFile: fixture, cache, mirrors, names, report });
    expect(made.get('hello')).toMatchObject({ source: 'releases', sha256: sha256('released') });
    expect(asked[0]).toBe(`HEAD /v1.2.3/hello-${arch}`);
  });

  it(
    'falls back to modules with one note, and asks only once per process',
    { timeout: 120_000 },
    async () => {
      const { url, asked } = await serveFiles({});
      const { report: keep, events } = recorder();
      const options = {
        source: 'auto',
        lockFile: fixture,
        mirrors: { 'https://releases.test': url },
        names,
      } as const;
      for (const folder of [cache, scratch()]) {
        const made = await provideArtefacts({ ...options, cache: folder, report: keep });
        expect(made.get('hello').source).toBe('modules');
      }
      expect(asked).toHaveLength(1);
      const notes = events.filter((event) => event.type === 'note').map(({ text }) => text);
      expect(notes).toHaveLength(2); // one a run
      expect(notes[0]).toMatch(
        /^compiling hello 1\.2\.3 from Go modules: 127\.0\.0\.1:\d+ cannot be reached \(.*404/,
      );
    },
  );

  it('compiles only the groups of the host that does not answer', { timeout: 120_000 }, async () => {
    const { url } = await serveFiles(helloFiles);
    const { url: closed } = await serveFiles({});
    const changed = scratch();
    cpSync(dirname(fixture), changed, { recursive: true });
    const [hello, still] = readLock(fixture).groups as [Group, Group];
    const registry = { registry: 'https://registry.test', repository: 'still', tag: '{version}' };
    const releases = { ...registry, member: '{file}', sha256: {} };
    const { report: keep, events } = recorder();
    const made = await provideArtefacts({
      source: 'auto',
      lockFile: lockFile(changed, [hello, { ...still, releases }]),
      cache,
      mirrors: { 'https://releases.test': url, 'https://registry.test': closed },
      report: keep,
    });
    expect(made.all().map(({ name, source }) => `${name} ${source}`)).toEqual([
      'hello releases',
      'image:still modules',
    ]);
    const notes = events.filter((event) => event.type === 'note').map(({ text }) => text);
    expect(notes).toEqual([
      expect.stringMatching(
        /^compiling still 0\.1\.0 from Go modules: 127\.0\.0\.1:\d+ cannot be reached \(.*404/,
      ),
    ]);
  });

  it('gives up a host that says nothing', { timeout: 120_000 }, async () => {
    const url = await serve(() => {});
    const { report: keep, events } = recorder();
    const mirrors = { 'https://releases.test': url };
    const options = { source: 'auto', lockFile: fixture, cache, mirrors, names, report: keep } as const;
    await provideArtefacts({ ...options, probeSeconds: 0.2 });
    expect(events[0]).toMatchObject({
      type: 'note',
      text: expect.stringContaining('did not answer within 0.2 s'),
    });
  });
});

describe('a full cache', () => {
  it.each(['auto', 'releases'] as const)(
    'serves %s without contacting or starting anything',
    async (source) => {
      const { file } = await released();
      vi.stubEnv('PATH', '/nowhere');
      const { report: keep, events } = recorder();
      const provide = () => provideArtefacts({ source, lockFile: fixture, cache, names, report: keep });
      const again = await provide();
      expect(await milliseconds(provide)).toBeLessThan(100);
      expect(again.get('hello').file).toBe(file);
      expect(events).toEqual([]);
      expect(cachedArtefacts(source, { lockFile: fixture, cache, names })?.all()).toEqual(again.all());
      vi.unstubAllEnvs();
    },
  );

  it('does not answer for another recipe or another source', async () => {
    await released();
    expect(cachedArtefacts('modules', { lockFile: fixture, cache, names })).toBeUndefined();
    const changed = scratch();
    cpSync(dirname(fixture), changed, { recursive: true });
    const lockFile = join(changed, 'artefacts.json');
    expect(cachedArtefacts('auto', { lockFile, cache, names })).toBeDefined();
    writeFileSync(lockFile, readFileSync(lockFile, 'utf8').replace('1.2.3', '1.2.4'));
    expect(cachedArtefacts('auto', { lockFile, cache, names })).toBeUndefined();
  });

  it('gives only what was asked for, by name', async () => {
    await released();
    const some = await provideArtefacts({
      source: 'auto',
      lockFile: fixture,
      cache,
      names,
      report,
      offline: true,
    });
    expect(() => some.get('image:still')).toThrow('no artefact is called image:still');
  });
});

describe('a compiled group', () => {
  const options = { source: 'modules', lockFile: fixture, names } as const;

  it(
    'is found again whatever Go is there, and made anew when its module changes',
    { timeout: 120_000 },
    async () => {
      const made = await provideArtefacts({ ...options, cache, report });
      expect(dirname(made.get('hello').file)).toMatch(/\/hello-1\.2\.3-modules-[0-9a-f]{20}-go1\.\d+/);
      vi.stubEnv('PATH', '/nowhere');
      expect((await provideArtefacts({ ...options, cache, report })).all()).toEqual(made.all());
      vi.unstubAllEnvs();

      const changed = scratch();
      cpSync(dirname(fixture), changed, { recursive: true });
      const lockFile = join(changed, 'artefacts.json');
      expect(cachedArtefacts('modules', { lockFile, cache, names })).toBeDefined();
      writeFileSync(join(changed, 'modules/hello/go.sum'), '');
      expect(cachedArtefacts('modules', { lockFile, cache, names })).toBeUndefined();
    },
  );

  it('made twice at once is one folder that both use', { timeout: 120_000 }, async () => {
    const runs = [1, 2].map(() => provideArtefacts({ ...options, cache, report }));
    const [one, other] = await Promise.all(runs);
    expect(one?.all()).toEqual(other?.all());
    expect(readdirSync(join(cache, 'artefacts'))).toHaveLength(1);
  });

  it('clears what a killed run left a day ago, and nothing younger', { timeout: 120_000 }, async () => {
    const store = join(cache, 'artefacts');
    for (const name of ['.making-old', '.making-new']) mkdirSync(join(store, name), { recursive: true });
    utimesSync(join(store, '.making-old'), 0, 0);
    await provideArtefacts({ ...options, cache, report });
    expect(readdirSync(store).filter((name) => name.startsWith('.'))).toEqual(['.making-new']);
  });
});

it('an image of a program that is there is made of it, offline too', async () => {
  const inside = readLock(fixture).groups.slice(0, 1);
  const image = { reference: 'example.org/hello:v{version}', program: '/hello' };
  const files = [{ name: 'image:hello', kind: 'image' as const, image }];
  const around = { name: 'hello-image', wraps: 'hello', files } as unknown as Group;
  await released();
  const folder = scratch();
  cpSync(dirname(fixture), folder, { recursive: true });
  const options = { lockFile: lockFile(folder, [...inside, around]), cache, names: ['image:hello'], report };
  const provide = () => provideArtefacts({ ...options, source: 'auto', offline: true });
  const made = (await provide()).get('image:hello');
  expect(made).toMatchObject({ version: '1.2.3', reference: 'example.org/hello:v1.2.3', source: 'releases' });
  expect(readFileSync(made.file).includes('released')).toBe(true);
  expect(await provide().then((again) => again.get('image:hello'))).toEqual(made);
  await expect(provideArtefacts({ ...options, source: 'modules', offline: true })).rejects.toThrow(
    'does not hold hello 1.2.3',
  );
});

describe('a damaged file', () => {
  const provide = () => provideArtefacts({ source: 'auto', lockFile: fixture, cache, names, report });

  it('with one other byte stops the run, naming file, both sums and what to do', async () => {
    const artefact = await released();
    writeFileSync(artefact.file, 'releaseD');
    const said = {
      message: `the cached hello is damaged: ${artefact.file} is not what was put there`,
      evidence: [`recorded sha256 ${sha256('released')}`, `found    sha256 ${sha256('releaseD')}`],
      remedy: expect.stringContaining(dirname(artefact.file)),
    };
    await expect(provide()).rejects.toMatchObject(said);
    await expect(verifyArtefact(artefact)).rejects.toMatchObject(said);
    expect(cachedArtefacts('auto', { lockFile: fixture, cache, names })).toBeUndefined();
  });

  it('that was only touched is hashed once and trusted again', async () => {
    const { file } = await released();
    utimesSync(file, 1, 1);
    const before = readFileSync(`${file}.sha256`, 'utf8');
    expect((await provide()).get('hello').sha256).toBe(sha256('released'));
    const after = readFileSync(`${file}.sha256`, 'utf8');
    expect(after).not.toBe(before);
    await provide();
    expect(readFileSync(`${file}.sha256`, 'utf8')).toBe(after);
  });

  it.each(['', '.sha256'])('that is gone (hello%s) is an error, not a silent download', async (suffix) => {
    const { file } = await released();
    rmSync(file + suffix);
    await expect(provide()).rejects.toMatchObject({ evidence: [`expected: ${file}${suffix}`] });
  });
});

it('offline names what the cache does not hold', async () => {
  const offline = provideArtefacts({ source: 'auto', lockFile: fixture, cache, report, offline: true });
  await expect(offline).rejects.toThrow(
    'the cache does not hold hello 1.2.3, still 0.1.0, and --offline forbids',
  );
});

it.each([
  [{ HARDWAY_CACHE: '/c' }, '/c'],
  [{ XDG_CACHE_HOME: '/x', HARDWAY_CACHE: '' }, '/x/hardway'],
  [{}, /\/\.cache\/hardway$/],
])('the cache of %o', (env, folder) => {
  expect(defaultCache(env)).toEqual(typeof folder === 'string' ? folder : expect.stringMatching(folder));
});
