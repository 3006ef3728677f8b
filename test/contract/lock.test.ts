import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError } from '../../src/errors.ts';
import { thisProcess } from '../../src/state/holder.ts';
import { withLock } from '../../src/state/lock.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

let tools: string;
let worker: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  tools = mkdtempSync(join(tmpdir(), 'hardway-lock-'));
  worker = join(tools, 'worker.mjs');
  const entry = join(import.meta.dirname, '../fixtures/lock-worker.ts');
  await build({ entryPoints: [entry], outfile: worker, bundle: true, platform: 'node', format: 'esm' });
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(tools, { recursive: true, force: true });
});

/** Starts a process that takes the lock `times` times for so long. */
function contender(dir: string, times: number, milliseconds: number, end = ''): ChildProcess {
  const child = spawn(process.execPath, [worker, dir, String(times), String(milliseconds), end], {
    stdio: 'inherit',
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i += 1) await sleep(20);
  expect(condition()).toBe(true);
}

describe('the lock', () => {
  it('is free again afterwards, also after a failure', () =>
    inTemporaryDirectory(async (dir) => {
      const options = { who: 'test', wait: 0 };
      expect(await withLock(dir, options, async () => readdirSync(dir))).toEqual(['lock']);
      const failing = withLock(dir, options, () => Promise.reject(new Error('inside')));
      await expect(failing).rejects.toThrow('inside');
      expect(readdirSync(dir)).toEqual([]);
    }));

  it('names the holder to those who waited in vain, and once to those who wait', () =>
    inTemporaryDirectory(async (dir) => {
      const told: object[] = [];
      await withLock(dir, { who: 'apply', wait: 0 }, async () => {
        const waiting = withLock(
          dir,
          { who: 'x', wait: 0.5, onWait: (holder) => told.push(holder) },
          async () => 1,
        );
        const error = await waiting.catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(BusyError);
        const who = `another run \\(apply, pid ${process.pid} on ${hostname()}, since \\d{4}-.*Z\\) is busy; waited 0.5 s`;
        expect(error).toMatchObject({ message: expect.stringMatching(who) });
      });
      expect(told).toMatchObject([{ who: 'apply', pid: process.pid, host: hostname() }]);
    }));

  it('is no longer waited for by those who are told to stop; whoever has it goes on', () =>
    inTemporaryDirectory(async (dir) => {
      const stop = new AbortController();
      const options = { wait: 60, signal: stop.signal, onWait: () => stop.abort() };
      await withLock(dir, { ...options, who: 'up' }, async () => {
        const waiting = withLock(dir, { ...options, who: 'x' }, async () => 1);
        await expect(waiting).rejects.toThrow(/^stopped while waiting for another run \(up, pid \d+ on /);
        expect(readdirSync(dir)).toEqual(['lock']);
      });
    }));

  it('goes to the next when its holder ends', () =>
    inTemporaryDirectory(async (dir) => {
      const order: string[] = [];
      const first = withLock(dir, { who: '1', wait: 0 }, async () => {
        await sleep(300);
        order.push('first');
      });
      await sleep(50);
      await withLock(dir, { who: '2', wait: 5 }, async () => void order.push('second'));
      await first;
      expect(order).toEqual(['first', 'second']);
    }));

  it('is freed when its holder is killed', () =>
    inTemporaryDirectory(async (dir) => {
      const holder = contender(dir, 1, 60_000);
      await until(() => existsSync(join(dir, 'occupied')));
      await expect(withLock(dir, { who: 'x', wait: 0.3 }, async () => 1)).rejects.toThrow(BusyError);
      holder.kill('SIGKILL');
      await once(holder, 'exit');
      expect(await withLock(dir, { who: 'x', wait: 0 }, async () => 'mine')).toBe('mine');
    }));

  const left: [string, (dir: string) => object | string, boolean][] = [
    ['a process number that is used again', () => ({ ...thisProcess('x', '1'), started: 'boot:1' }), true],
    ['a power failure in the middle of writing', () => '', true],
    ['half a file', () => '{"who":', true],
    ['a process that is there', () => thisProcess('x', '1'), false],
    [
      'a process on another host',
      () => ({ ...thisProcess('x', '1'), host: 'elsewhere', pid: 999_999_999 }),
      false,
    ],
  ];
  it.each(left)('left by %s', (_, content, free) =>
    inTemporaryDirectory(async (dir) => {
      const text = content(dir);
      writeFileSync(join(dir, 'lock'), typeof text === 'string' ? text : JSON.stringify(text));
      const taking = withLock(dir, { who: 'x', wait: 0.2 }, async () => 'taken');
      if (free) expect(await taking).toBe('taken');
      else await expect(taking).rejects.toThrow(BusyError);
    }),
  );

  it('is taken over when somebody died while taking it over', () =>
    inTemporaryDirectory(async (dir) => {
      const dead = JSON.stringify({ ...thisProcess('x', '1'), started: 'boot:1' });
      for (const name of ['lock', 'lock.removing', 'lock.removing.removing'])
        writeFileSync(join(dir, name), dead);
      expect(await withLock(dir, { who: 'x', wait: 0 }, async () => readdirSync(dir))).toEqual(['lock']);
    }));

  it('never has two holders, however many want it and are killed', { timeout: 60_000 }, () =>
    inTemporaryDirectory(async (dir) => {
      const crowd = Array.from({ length: 6 }, () => contender(dir, 12, 3));
      const victims = Array.from({ length: 6 }, () => contender(dir, 1000, 20));
      const ends = [...crowd, ...victims].map((child) => once(child, 'exit'));
      for (const victim of victims) {
        await sleep(250);
        victim.kill('SIGKILL');
      }
      await Promise.all(ends);
      expect(violations(dir)).toBe('');
      expect(readFileSync(join(dir, 'done'), 'utf8').length).toBeGreaterThanOrEqual(6 * 12);
      expect(crowd.map(({ exitCode }) => exitCode)).toEqual(crowd.map(() => 0));
    }),
  );

  it('never has two holders, however many find a dead one at once', { timeout: 60_000 }, () =>
    inTemporaryDirectory(async (dir) => {
      const crowd = Array.from({ length: 12 }, () => contender(dir, 40, 1, 'die'));
      await Promise.all(crowd.map((child) => once(child, 'exit')));
      expect(violations(dir)).toBe('');
      expect(readFileSync(join(dir, 'done'), 'utf8')).toHaveLength(12 * 40);
    }),
  );
});

function violations(dir: string): string {
  return existsSync(join(dir, 'violations')) ? readFileSync(join(dir, 'violations'), 'utf8') : '';
}
