import { defineConfig } from 'vitest/config';
import { ByLab } from './test/sequencer.ts';

/** Live tests wait for much: these run beside the others, in a process of their own; no lab is in both. */
const aside = ['test/live/{access,access-people,canaries,crash,hardened,look,pki,resize}.test.ts'];

const live = {
  globalSetup: ['test/live/support/setup.ts'],
  testTimeout: 600_000,
  hookTimeout: 3_600_000,
  fileParallelism: false,
};

export default defineConfig({
  test: {
    maxWorkers: 2,
    sequence: { sequencer: ByLab },
    // Workers that have spoken SSH do not end by themselves, and nothing of theirs is left to wait for.
    teardownTimeout: 2000,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/contract/**', 'test/live/**', 'test/matrix/**'],
          testTimeout: 20_000,
        },
      },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { ...live, name: 'live', include: ['test/live/**/*.test.ts'], exclude: aside } },
      { test: { ...live, name: 'aside', include: aside } },
      {
        test: {
          name: 'matrix',
          include: ['test/matrix/**/*.test.ts'],
          globalSetup: ['test/live/support/setup.ts'],
          testTimeout: 1_800_000,
          hookTimeout: 3_600_000,
          fileParallelism: false,
          disableConsoleIntercept: true,
        },
      },
      {
        test: {
          name: 'kill',
          include: ['test/kill/**/*.kill.ts'],
          globalSetup: ['test/live/support/setup.ts'],
          hookTimeout: 3_600_000,
          disableConsoleIntercept: true,
        },
      },
    ],
  },
});
