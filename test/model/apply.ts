import type { ApiObject } from './api.ts';

/** An object, and the paths in it that hardway applied last. */
export interface Applied {
  readonly object: ApiObject;
  readonly owned: ReadonlySet<string>;
}

type Tree = { readonly [key: string]: unknown };
const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lists whose items the API server merges by a key: what others added stays. All other lists are replaced. */
const keyed: Readonly<Record<string, (item: Tree) => string>> = {
  containers: (item) => String(item['name']),
  volumes: (item) => String(item['name']),
  volumeMounts: (item) => String(item['mountPath']),
  ports: (item) => `${String(item['port'] ?? item['containerPort'])}/${String(item['protocol'])}`,
};

/** What is there after `sent` was applied: fields that are no longer sent go, other people's stay. */
export function applied(there: Applied | undefined, sent: ApiObject): Applied {
  const owned = new Set<string>();
  const flat = flatten(sent, '');
  for (const path of flat.keys()) owned.add(path);
  const before = there === undefined ? new Map<string, unknown>() : flatten(there.object, '');
  for (const path of there?.owned ?? []) if (!owned.has(path)) before.delete(path);
  for (const [path, value] of flat) before.set(path, value);
  return { object: unflatten(before) as unknown as ApiObject, owned };
}

const SEPARATOR = '\u0001';
/** In place of an index: the key of an item in a list that is merged. */
const ITEM = '\u0002';

function flatten(value: unknown, path: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const add = (inside: unknown, step: string): void => {
    for (const [deep, leaf] of flatten(inside, `${path}${SEPARATOR}${step}`)) found.set(deep, leaf);
  };
  const name = path.slice(path.lastIndexOf(SEPARATOR) + 1);
  const key = keyed[name];
  if (isTree(value) && Object.keys(value).length > 0)
    for (const [field, inside] of Object.entries(value)) add(inside, field);
  else if (Array.isArray(value) && key !== undefined)
    for (const item of value as Tree[]) add(item, `${ITEM}${key(item)}`);
  else found.set(path, value);
  return found;
}

function unflatten(flat: ReadonlyMap<string, unknown>): Tree {
  const root: Record<string, unknown> = {};
  for (const [path, value] of flat) {
    const steps = path.split(SEPARATOR).slice(1);
    const last = steps.pop() ?? '';
    let at = root;
    for (const step of steps) at = (at[step] ??= {}) as Record<string, unknown>;
    at[last] = value;
  }
  return asLists(root) as Tree;
}

function asLists(value: unknown): unknown {
  if (!isTree(value)) return value;
  const entries = Object.entries(value).map(([key, inside]) => [key, asLists(inside)] as const);
  const isList = entries.length > 0 && entries.every(([key]) => key.startsWith(ITEM));
  return isList ? entries.map(([, inside]) => inside) : Object.fromEntries(entries);
}
