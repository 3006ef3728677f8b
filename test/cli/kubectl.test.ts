import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256OfFile, writeRecord } from '../../src/artefacts/record.ts';
import { asked, compiled, config, emptyCache, program } from './client-cache.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const kubeconfig = work.session().state.path('kubeconfig');
const kubectl = (...words: string[]) => runMain(work.product, ['--file', work.file, 'kubectl', ...words]);
const path = process.env['PATH'];

let cache = '';
beforeEach(() => {
  writeFileSync(kubeconfig, 'kubeconfig');
  cache = emptyCache();
  process.env['PATH'] = path;
});

const fetched = async (version: string): Promise<string> => {
  const file = program(join(cache, 'kubectl', `${version}-linux-amd64`, 'kubectl'), version);
  writeRecord(file, await sha256OfFile(file));
  return file;
};

/** As the only one in PATH. */
const inPath = (version: string): string => {
  const folder = mkdtempSync(join(cache, 'path-'));
  process.env['PATH'] = folder;
  return program(join(folder, 'kubectl'), version);
};

describe('hardway kubectl', () => {
  it.each([
    [['get', 'pods', '-A']],
    [['get', '-f', 'x', '--json', '-n', 'a b', '--', '--file', '']],
    [['--help']],
    [[]],
  ])('hands over %j and the exit code', async (words) => {
    const file = await fetched('1.36.4');
    expect((await kubectl(...words)).code).toBe(7);
    expect([asked(file), config(file)]).toEqual([words, kubeconfig]);
  });

  it('takes the fetched one that fits the cluster best', async () => {
    const far = await fetched('1.34.9');
    const near = await fetched('1.35.2');
    await kubectl('first');
    const exact = await fetched('1.36.4');
    await fetched('1.36.9');
    await kubectl('second');
    expect([asked(near), asked(exact)]).toEqual([['first'], ['second']]);
    expect(() => asked(far)).toThrow();
  });

  it('refuses a fetched one that is not what was put there', async () => {
    appendFileSync(await fetched('1.36.4'), '# more');
    const { code, err } = await kubectl('get');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/is not what was put there\n.*hardway kubectl fetch/),
    ]);
  });

  it('takes what machines are given when nothing was fetched', async () => {
    const file = await compiled(cache);
    inPath('1.36.4');
    expect((await kubectl('get')).code).toBe(7);
    expect(asked(file)).toEqual(['get']);
  });

  it.each(['1.35.0', '1.36.4', '1.37.9'])('takes %s in PATH', async (version) => {
    const file = inPath(version);
    expect((await kubectl('get')).code).toBe(7);
    expect(asked(file)).toEqual(['get']);
  });

  it.each(['1.34.9', '1.38.0', '2.36.4'])(
    'does not take %s in PATH, and names what brings another',
    async (version) => {
      inPath(version);
      const { code, err } = await kubectl('get');
      expect(code).toBe(1);
      expect(err).toMatch(/✗ kubectl \S+ is more than one minor release away from Kubernetes 1\.36\.4\n/);
      expect(err).toContain('hardway kubectl fetch');
    },
  );

  it('says that there is none', async () => {
    process.env['PATH'] = '/nowhere';
    const { code, err } = await kubectl('get');
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/✗ there is no kubectl .*\n.*hardway kubectl fetch/),
    ]);
  });
});
