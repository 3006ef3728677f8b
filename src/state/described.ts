import type { Event } from '../report/event.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';
import { writeAtomic } from './write-atomic.ts';

const FILE = 'described.json';

type Keys = Extract<Event, { type: 'described' }>['keys'];

/**
 * What cluster.json says otherwise than in the last run, key by key; this run's is kept for the next. An account for
 * people who ask why: no decision is made from it.
 */
export async function changedKeys(state: State, description: object): Promise<Keys> {
  const now = flat(description, '');
  const text = await readText(state.path(FILE));
  const before = text === null ? now : parsed(text, now);
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => before[key] !== now[key])
    .map((key) => ({ key, was: before[key] ?? null, is: now[key] ?? null }));
  if (text === null || before === now || keys.length > 0)
    await writeAtomic(state.path(FILE), `${JSON.stringify(now)}\n`);
  return keys;
}

type Flat = Readonly<Record<string, string>>;

/** A damaged account is no reason to stop. */
function parsed(text: string, otherwise: Flat): Flat {
  try {
    const kept: unknown = JSON.parse(text);
    return typeof kept === 'object' && kept !== null && !Array.isArray(kept) ? (kept as Flat) : otherwise;
  } catch {
    return otherwise;
  }
}

/** Nodes go by their names, so that adding one does not move the others; null is not set. */
function flat(value: unknown, path: string): Flat {
  if (value === null) return {};
  if (typeof value !== 'object') return { [path]: String(value) };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => {
      const name = Array.isArray(value) ? ((inner as { name?: string } | null)?.name ?? key) : key;
      return flat(inner, path === '' ? name : `${path}.${name}`);
    }),
  ) as Flat;
}
