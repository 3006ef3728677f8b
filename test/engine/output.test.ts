import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Script } from '../../src/connection/quote.ts';
import { keepOutput, LOGS } from '../../src/engine/output.ts';

/** As nobody else calls it: on this computer logs of ours are only made by tests. */
const phase = `test-${process.pid}`;
const log = `${LOGS}/${phase}.log`;
const isRoot = process.getuid?.() === 0;
afterEach(() => {
  for (const file of [log, `${log}.1`]) rmSync(file, { force: true });
});

const run = (body: Script, limit = 20) =>
  localConnection().run(sh`${verbatim(keepOutput(phase, 'service:a file:/b'))}\n${verbatim(body)}`, {
    limit,
  });
const kept = (): string => (isRoot ? readFileSync(log, 'utf8') : '');
/** Of scripts that have ended; other tests may have some that run. */
const left = (): string[] =>
  (existsSync('/run/hardway') ? readdirSync('/run/hardway') : []).filter((name) => {
    const [, pid] = /^output\.(\d+)$/.exec(name) ?? [];
    return pid !== undefined && !existsSync(`/proc/${pid}`) && existsSync(`/run/hardway/${name}`);
  });

describe('the output of commands', () => {
  it.each([
    ['a failure', sh`echo said >&2; exit 3`, 3],
    ['a success', sh`( echo said ) >&2`, 0],
  ])('is sent here and stays there after %s', async (_, body, code) => {
    const result = await run(body);
    expect([result.code, result.outcome, result.stderr]).toEqual([code, 'ended', 'said\n']);
    if (isRoot) {
      expect(kept()).toMatch(/^== \S+Z service:a file:\/b\nsaid\n$/);
      expect(statSync(log).mode & 0o777).toBe(0o600);
    }
    expect(left()).toEqual([]);
  });

  it('is sent and stays also when its time is up', async () => {
    const result = await run(sh`echo begun >&2; sleep 60; echo never >&2`, 4);
    expect([result.outcome, result.stderr]).toEqual(['limit', expect.stringMatching(/^begun\n/)]);
    await expect.poll(left, { timeout: 10_000 }).toEqual([]);
    if (isRoot) expect(kept()).toMatch(/\nbegun\n/);
  });

  it.runIf(isRoot)(
    'of a script that still runs is its own; of one that was killed it is cleared away',
    async () => {
      const [alive, dead] = [process.pid, 2 ** 22 + 1].map((pid) => `/run/hardway/output.${pid}`) as [
        string,
        string,
      ];
      mkdirSync('/run/hardway', { recursive: true });
      for (const file of [alive, dead]) writeFileSync(file, 'said');
      try {
        await run(sh`true`);
        expect([existsSync(alive), existsSync(dead)]).toEqual([true, false]);
      } finally {
        for (const file of [alive, dead]) rmSync(file, { force: true });
      }
    },
  );

  it('makes no log when there is none', async () => {
    const result = await run(sh`echo answer`);
    expect([result.stdout, result.stderr, existsSync(log)]).toEqual(['answer\n', '', false]);
  });

  it('makes room when there is much of it', async () => {
    await run(sh`yes | head -c 1200000 >&2`);
    await run(sh`echo next >&2`);
    if (!isRoot) return;
    expect([statSync(`${log}.1`).size > 1_200_000, kept()]).toEqual([
      true,
      expect.stringMatching(/\nnext\n$/),
    ]);
  });
});
