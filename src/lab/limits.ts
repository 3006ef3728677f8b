import { readFile } from 'node:fs/promises';
import { sudo } from '../box/sudo.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';

/**
 * Machines that are containers share these with the host, whose defaults are meant for one desktop: with the
 * second cluster kubelets could not watch their files any more ("too many open files").
 */
const least: Readonly<Record<string, number>> = {
  'fs.inotify.max_user_instances': 8192,
  'fs.inotify.max_user_watches': 524288,
  'kernel.keys.maxkeys': 2000,
};

/** Raises what is too low, never lowers, and says so; until the next boot of the host. */
export async function raiseLimits(report: Report): Promise<void> {
  for (const [key, wanted] of Object.entries(least)) {
    const now = Number(await readFile(`/proc/sys/${key.replaceAll('.', '/')}`, 'utf8'));
    if (now >= wanted) continue;
    await $`${sudo} sysctl -q -w ${`${key}=${wanted}`}`;
    report({ type: 'note', text: `host: ${key} raised from ${now} to ${wanted}, for the machines share it` });
  }
}
