import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openState } from '../../src/state/directory.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

/** As on FAT, or a folder that a hypervisor shares: some take a mode and forget it, some refuse it. */
const chmod = vi.hoisted(() => vi.fn());
vi.mock('node:fs', async (original) => ({ ...(await original<object>()), chmodSync: chmod }));

const refusing = (): void => {
  throw Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
};

it.each([
  ['forgets', () => undefined],
  ['refuses', refusing],
])('a state directory on a file system that %s modes is refused', (_, behave) =>
  inTemporaryDirectory((dir) => {
    chmod.mockImplementation(behave);
    mkdirSync(join(dir, '.hardway'), { mode: 0o755 });
    expect(() => openState(join(dir, '.hardway'))).toThrow(
      /cannot be closed to others: its file system keeps no/,
    );
  }),
);
