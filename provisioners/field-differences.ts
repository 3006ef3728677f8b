/** One field that is not what it should be; undefined: it is not there. */
export interface FieldDifference {
  /** "spec.template.spec.containers[0].image" */
  readonly path: string;
  readonly now: unknown;
  readonly wanted: unknown;
}

/** What the server keeps for itself, and what controllers report. */
const BOOKKEEPING = ['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp'];

/** Every field in which two states of one API object differ, bookkeeping and status aside. */
export function fieldDifferences(now: object, wanted: object): FieldDifference[] {
  return walk(essence(now), essence(wanted), '');
}

function essence(object: object): object {
  const { status: _status, metadata, ...rest } = object as Record<string, unknown>;
  const kept = Object.entries((metadata ?? {}) as object).filter(([key]) => !BOOKKEEPING.includes(key));
  return { ...rest, metadata: Object.fromEntries(kept) };
}

function walk(now: unknown, wanted: unknown, path: string): FieldDifference[] {
  if (isTree(now) && isTree(wanted) && Array.isArray(now) === Array.isArray(wanted)) {
    const keys = [...new Set([...Object.keys(now), ...Object.keys(wanted)])];
    return keys.flatMap((key) => walk(now[key], wanted[key], joined(path, key, Array.isArray(now))));
  }
  return now === wanted ? [] : [{ path, now, wanted }];
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const joined = (path: string, key: string, isIndex: boolean): string =>
  isIndex ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
