import { readdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openState } from '../../src/state/directory.ts';
import { appendOutput, lastOutput, outputFiles } from '../../src/state/runs.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const run = (day: number): string => `2026-01-${String(day).padStart(2, '0')}T00:00:00.000Z`;

describe('what commands of runs wrote', () => {
  it('is kept closed, for the last twenty runs', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      expect([await lastOutput(state, 'master'), await outputFiles(state, 5)]).toEqual([null, []]);
      for (let day = 1; day <= 25; day += 1)
        await appendOutput(state, run(day), { machine: 'master', phase: 'etcd', text: `day ${day}` });
      const names = readdirSync(state.path('runs'));
      expect([names.length, names.sort()[0]]).toEqual([20, run(6).replaceAll(':', '')]);
      const [file = ''] = (await outputFiles(state, 1)).slice(-1);
      expect(file).toBe(`${run(25).replaceAll(':', '')}/master.log`);
      expect(statSync(state.path('runs', file)).mode & 0o777).toBe(0o600);
      expect(await lastOutput(state, 'master')).toMatch(/^== \S+ etcd\nday 25\n$/);
    }));

  it('does not grow without end', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const text = 'x'.repeat(3 * 1024 * 1024);
      for (let i = 0; i < 4; i += 1)
        await appendOutput(state, run(1), { machine: 'master', phase: 'etcd', text });
      expect((await lastOutput(state, 'master'))?.length).toBeLessThan(7 * 1024 * 1024);
    }));
});
