import { describe, expect, it } from 'vitest';
import { differences } from '../../../src/engine/difference.ts';
import type { State, Step } from '../../../src/engine/resource.ts';
import { type Entry, pruned, recorded } from '../../../provisioners/resources/inventory.ts';

const entry = (kind: string, name: string, from: string, more: Partial<Entry> = {}): Entry => ({
  ...{ apiVersion: 'v1', kind, name, from, namespace: 'shop' },
  ...more,
});
const map = entry('ConfigMap', 'settings', 'addons/a.yaml');
const web = entry('Deployment', 'web', 'addons/a.yaml', { apiVersion: 'apps/v1' });
const shop: Entry = { apiVersion: 'v1', kind: 'Namespace', name: 'shop', from: 'addons/b.yaml' };

/** What the cluster's list says, as the question hands it on; null: there is none. */
const listing = (entries: readonly Entry[] | string | null): string => {
  if (entries === null) return JSON.stringify({ missing: true });
  const objects = typeof entries === 'string' ? entries : JSON.stringify(entries);
  return JSON.stringify({ metadata: { name: 'hardway-addons' }, data: { objects } });
};
const stateOf = (resource: ReturnType<typeof recorded>, entries: readonly Entry[] | string | null) =>
  resource.question.parse(listing(entries)) as State | null;
const keptBy = (steps: readonly Step[]): Entry[] | null => {
  const last = steps.at(-1);
  const { data } = JSON.parse(last !== undefined && 'item' in last ? last.item : '{}') as {
    data?: { objects: string };
  };
  return data === undefined ? null : (JSON.parse(data.objects) as Entry[]);
};
const scripts = (steps: readonly Step[]): string =>
  steps.map((step) => ('run' in step ? step.run : '')).join('\n');

describe('what add-ons made', () => {
  it.each([
    ['nothing was written down', null, 1],
    ['a part is missing', [map], 1],
    ['all of it is there', [web, map, shop], 0],
    ['the list is damaged', '[{', 1],
  ])('is written down before it is made: %s', (_, present, expected) => {
    const resource = recorded([map, web]);
    expect(differences(resource, stateOf(resource, present))).toHaveLength(expected);
  });

  it('is never forgotten by writing down more', () => {
    const resource = recorded([map]);
    expect(keptBy(resource.steps(stateOf(resource, [shop, web])))).toEqual([map, shop, web]);
  });
});

describe('what is no longer wanted', () => {
  it.each<[string, Entry[] | string | null, Entry[], string[], string[]]>([
    ['nothing while all is wanted', [map, web], [map, web], [], []],
    ['nothing when nothing was made', null, [], [], []],
    ['nothing when the list is damaged', '[{', [map], [], []],
    ['what has gone from its file', [map, web], [web], [], ['configmap shop/settings']],
    ['an object of another version stays', [web], [{ ...web, apiVersion: 'apps/v2' }], [], []],
    ['one that is wanted by another file stays', [map], [{ ...map, from: 'x' }], [], []],
    ['nothing of a file that cannot be read', [map, shop], [], ['addons/a.yaml'], ['namespace shop']],
    ['without a namespace means the default one', [{ ...map, namespace: 'default' }], [plain(map)], [], []],
  ])('is %s', (_, present, wanted, unread, gone) => {
    const resource = pruned(wanted, unread);
    const now = stateOf(resource, present);
    const lines = now === null ? [] : (resource.lines?.(now) ?? []);
    expect(lines.map((line) => line.slice(2, line.indexOf(' (')))).toEqual(gone);
    expect(differences(resource, now)).toHaveLength(gone.length === 0 ? 0 : 1);
  });

  it('goes in the opposite order, only when it bears our mark, and is then forgotten', () => {
    const resource = pruned([], []);
    const steps = resource.steps(stateOf(resource, [shop, map, web]));
    const removed = [
      ...scripts(steps).matchAll(/delete (\S+) --namespace \S+ --selector hardway\.dev\/addon/g),
    ];
    expect(removed.map(([, kind]) => kind)).toEqual(['Deployment.v1.apps', 'ConfigMap.v1.', 'Namespace.v1.']);
    expect(keptBy(steps)).toBeNull();
    const some = pruned([map], []);
    expect(keptBy(some.steps(stateOf(some, [map, web])))).toEqual([map]);
    // What was written down after it was asked for.
    expect(keptBy(some.steps(stateOf(some, [web])))).toEqual([map]);
  });

  it('says what ends with it', () => {
    const resource = pruned([], []);
    expect(resource.disturbs?.(stateOf(resource, [shop, map, web]))).toEqual([
      'deletes namespace shop with the data in it',
      'ends the pods of deployment shop/web',
    ]);
  });
});

function plain({ namespace: _, ...rest }: Entry): Entry {
  return rest;
}
