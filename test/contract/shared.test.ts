import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { whileOthersWait } from '../../src/lab/shared.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

describe.skipIf(process.getuid?.() !== 0)('what all labs of a computer share (needs root)', () => {
  it('is for one at a time, and free after a failure', async () => {
    const seen: string[] = [];
    const lab = (name: string) =>
      whileOthersWait(async () => {
        seen.push(`${name} begins`);
        await sleep(100);
        seen.push(`${name} ends`);
      });
    await expect(whileOthersWait(() => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    await Promise.all([lab('one'), lab('other'), lab('third')]);
    const names = seen.filter((_, at) => at % 2 === 0).map((line) => line.split(' ')[0]);
    expect(names.toSorted()).toEqual(['one', 'other', 'third']);
    expect(seen).toEqual(names.flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('is free when the one that had it is killed', () =>
    inTemporaryDirectory(async (dir) => {
      const worker = join(dir, 'worker.cjs');
      const entry = join(import.meta.dirname, '../fixtures/lab-worker.ts');
      await build({ entryPoints: [entry], outfile: worker, bundle: true, platform: 'node', format: 'cjs' });
      const child = spawn(process.execPath, [worker], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
      let had = false;
      const mine = whileOthersWait(async () => void (had = true));
      await sleep(300);
      expect(had).toBe(false);
      child.kill('SIGKILL');
      await mine;
      expect(had).toBe(true);
    }));
});
