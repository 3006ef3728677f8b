import { existsSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeFolder } from './root.ts';

/** Fills a temporary folder and gives it its name in one step; the root inside it ("rootfs") is scaffolding. */
export async function inNewFolder<T>(
  final: string,
  fill: (folder: string, final: string) => Promise<T>,
): Promise<T> {
  await mkdir(dirname(final), { recursive: true });
  await removeAbandoned(dirname(final));
  const folder = `${final}.making-${process.pid}`;
  try {
    await mkdir(folder);
    const result = await fill(folder, final);
    await removeFolder(join(folder, 'rootfs'));
    await removeFolder(final);
    await rename(folder, final);
    return result;
  } finally {
    await removeFolder(folder);
  }
}

/** What killed builds have left: a gigabyte each. */
async function removeAbandoned(store: string): Promise<void> {
  for (const name of await readdir(store)) {
    const [, pid] = /\.making-(\d+)$/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await removeFolder(join(store, name));
  }
}
