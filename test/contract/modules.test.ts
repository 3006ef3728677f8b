import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import { fixture, recorder, scratch } from '../artefacts/workbench.ts';

const longEnough = 120_000; // the first `go build` of a machine compiles the standard library too

afterEach(() => vi.unstubAllEnvs());

describe('compiling from a Go module', () => {
  it('yields the program under its own name, with tags and version', { timeout: longEnough }, async () => {
    const { report, events } = recorder();
    const options = { lockFile: fixture, cache: scratch(), report, names: ['hello'] };
    const artefact = (await provideArtefacts({ ...options, source: 'modules' })).get('hello');
    expect(artefact).toMatchObject({ version: '1.2.3', kind: 'binary', source: 'modules' });
    expect(spawnSync(artefact.file).stderr.toString()).toBe('HELLO v1.2.3\n');

    const steps = events.filter((event) => event.type === 'progress');
    expect(steps.at(0)).toMatchObject({ task: 'build hello 1.2.3', done: 0, unit: 'steps' });
    expect(steps.at(-1)?.done).toBe(steps.at(-1)?.total);
    expect(steps.filter((step) => step.done === step.total)).toHaveLength(1);
  });

  it('makes the same bytes again', { timeout: longEnough }, async () => {
    const { report } = recorder();
    const sums = [scratch(), scratch()].map(async (cache) => {
      const made = await provideArtefacts({ lockFile: fixture, cache, report, source: 'modules' });
      return made.all().map(({ sha256 }) => sha256);
    });
    const [first, second] = await Promise.all(sums);
    expect(first).toHaveLength(2);
    expect(first).toEqual(second);
  });

  it(
    'happens once when two want the same: who comes later waits, and is told for whom',
    { timeout: longEnough },
    async () => {
      const shared = { lockFile: fixture, cache: scratch(), names: ['hello'], source: 'modules' as const };
      const both = [recorder(), recorder()];
      await Promise.all(both.map(({ report }) => provideArtefacts({ ...shared, report })));
      const begun = both.flatMap(({ events }) =>
        events.filter((event) => event.type === 'progress' && event.done === 0),
      );
      expect(begun).toHaveLength(1);
      const notes = both.flatMap(({ events }) =>
        events.flatMap((one) => (one.type === 'note' ? [one.text] : [])),
      );
      expect(notes).toContainEqual(
        expect.stringMatching(/^waiting for .*compile hello.*, which compiles, too$/),
      );
    },
  );

  it('wraps a C program into an image, whatever the source', { timeout: longEnough }, async () => {
    const { report } = recorder();
    const options = { lockFile: fixture, cache: scratch(), report, names: ['image:still'] };
    const image = (await provideArtefacts({ ...options, source: 'releases' })).get('image:still');
    expect(image).toMatchObject({ source: 'modules', reference: 'example.org/still:0.1.0' });
    const folder = scratch();
    execFileSync('sh', ['-c', `tar -xf ${image.file} && tar -xf */layer.tar`], { cwd: folder });
    expect(execFileSync(join(folder, 'still')).toString()).toBe('still 0.1.0\n');
  });

  it('keeps nothing of a failed compilation and shows its last words', { timeout: longEnough }, async () => {
    const folder = scratch();
    cpSync(join(fixture, '..'), folder, { recursive: true });
    writeFileSync(
      join(folder, 'modules/hello/cmd/greet/v3/loud.go'),
      'package main\n\nconst greeting = 1 +\n',
    );
    const options = { lockFile: join(folder, 'artefacts.json'), cache: folder, names: ['hello'] };
    await expect(provideArtefacts({ ...options, source: 'modules', report: () => {} })).rejects.toMatchObject(
      {
        message: 'hello 1.2.3 could not be compiled from its Go module',
        evidence: expect.arrayContaining([expect.stringContaining('loud.go:')]),
      },
    );
    expect(readdirSync(join(folder, 'artefacts'))).toEqual([]);
  });
});

describe('what is missing to compile', () => {
  const provide = (cache: string) =>
    provideArtefacts({ lockFile: fixture, cache, source: 'modules', report: () => {} });

  it('is named all at once, before anything changes', async () => {
    const empty = scratch();
    vi.stubEnv('PATH', empty);
    await expect(provide(empty)).rejects.toMatchObject({
      message: expect.stringMatching(/^hello, still cannot be made: .*; gcc is missing$/),
      remedy: expect.stringMatching(/go\.dev\/dl, on Debian also: apt-get install gcc libc6-dev\. /),
    });
    expect(readdirSync(empty)).toEqual([]);
  });

  it('is Go also for what nobody publishes, whatever source is wanted', async () => {
    const empty = scratch();
    vi.stubEnv('PATH', empty);
    const names = ['image:probe'];
    await expect(
      provideArtefacts({ cache: empty, source: 'releases', names, report: () => {} }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(
        /^probe cannot be made: nobody publishes a binary of it, and to compile it Go 1\.\S+ or newer is missing$/,
      ),
      evidence: [expect.stringMatching(/^probe: .* hardway verify and hardway demo/)],
      remedy: expect.stringMatching(/^Install Go from https:\/\/go\.dev\/dl\. Or copy \S+ from a computer/),
    });
  });

  it('includes a Go that is too old', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'go'), '#!/bin/sh\necho go version go1.20.14 linux/amd64\n');
    chmodSync(join(folder, 'go'), 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env.PATH}`);
    await expect(provide(folder)).rejects.toThrow('Go 1.21 or newer is needed, go1.20.14 is installed');
  });
});
