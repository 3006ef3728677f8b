import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import type { State } from '../state/directory.ts';
import { writeAtomic } from '../state/write-atomic.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * What `addons.<name>` of cluster.json becomes. An add-on that is turned off leaves its values with the state, and has
 * them again when it is turned on.
 */
export async function turned(state: State, text: string, name: string, on: boolean): Promise<unknown> {
  const file = join(state.dir, 'addon-values.json');
  const kept = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Values) : {};
  if (on) return kept[name] ?? true;
  const { addons = {} } = parse(text) as { addons?: Values };
  const now = addons[name];
  const { [name]: _, ...others } = kept;
  const next = typeof now === 'object' && now !== null ? { ...others, [name]: now } : others;
  if (Object.keys(next).length > 0 || existsSync(file))
    await writeAtomic(file, `${JSON.stringify(next, null, 2)}\n`);
  return false;
}
