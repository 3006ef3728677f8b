import type { Difference } from '../report/event.ts';
import type { Resource, State, Value } from './resource.ts';

/** Key by key, sorted; empty when nothing has to be done. */
export function differences(resource: Resource, now: State | null): Difference[] {
  const { desired } = resource;
  if (desired === null) return now === null ? [] : [{ key: 'present', now: true, wanted: false }];
  if (now === null) return [{ key: 'present', now: false, wanted: true }];
  return Object.keys(desired)
    .filter((key) => desired[key] !== null && desired[key] !== (now[key] ?? null))
    .sort()
    .map((key) => difference(resource, key, now[key] ?? null, desired[key] ?? null));
}

function difference(resource: Resource, key: string, now: Value, wanted: Value): Difference {
  if (!resource.secret || key === 'mode' || key === 'owner') return { key, now, wanted };
  return { key, now: now === null ? null : '(secret)', wanted: '(another secret)' };
}
