import { existsSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changedKeys } from '../../src/state/described.ts';
import { openState } from '../../src/state/directory.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const before = {
  name: 'lab',
  network: { podCidr: '10.244.0.0/16', flannel: { vni: 1 } },
  nodes: [
    { name: 'master', roles: ['etcd', 'master'], ssh: null, labels: {} },
    { name: 'minion-1', roles: ['minion'], ssh: null, labels: { rack: 'a' } },
  ],
  sans: ['coredns'],
};
const [master, minion] = before.nodes;
const another = { ...minion, name: 'minion-0' };

/** "key: was → is" of a second run. */
async function changes(now: object): Promise<string[]> {
  let found: string[] = [];
  await inTemporaryDirectory(async (dir) => {
    const state = openState(dir);
    expect(await changedKeys(state, before)).toEqual([]);
    found = (await changedKeys(state, now)).map(({ key, was, is }) => `${key}: ${was} → ${is}`);
    expect(await changedKeys(state, now)).toEqual([]);
  });
  return found;
}

describe('what cluster.json says otherwise than in the last run', () => {
  const cases: [string, object, string[]][] = [
    ['nothing', structuredClone(before), []],
    ['the same in another order', Object.fromEntries(Object.entries(before).toReversed()), []],
    ['a value', { ...before, name: 'shop' }, ['name: lab → shop']],
    [
      'a value deep inside, another type too',
      { ...before, network: { ...before.network, flannel: { vni: true } } },
      ['network.flannel.vni: 1 → true'],
    ],
    [
      'a value that was null',
      { ...before, nodes: [{ ...master, ssh: { port: 22 } }, minion] },
      ['nodes.master.ssh.port: null → 22'],
    ],
    [
      'a new key',
      { ...before, nodes: [{ ...master, labels: { a: 'b' } }, minion] },
      ['nodes.master.labels.a: null → b'],
    ],
    [
      'a key less',
      { ...before, nodes: [master, { ...minion, labels: {} }] },
      ['nodes.minion-1.labels.rack: a → null'],
    ],
    ['an item more', { ...before, sans: ['coredns', 'x'] }, ['sans.1: null → x']],
    [
      'a node in between, which moves no other',
      { ...before, nodes: [master, another, minion] },
      ['labels.rack: null → a', 'name: null → minion-0', 'roles.0: null → minion'].map(
        (text) => `nodes.minion-0.${text}`,
      ),
    ],
  ];
  it.each(cases)('%s', async (_, now, expected) => {
    expect((await changes(now)).toSorted()).toEqual(expected);
  });

  it('is kept anew only when something is', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      const file = state.path('described.json');
      await changedKeys(state, before);
      utimesSync(file, 1000, 1000);
      await changedKeys(state, before);
      expect(statSync(file).mtimeMs).toBe(1_000_000);
      await changedKeys(state, { name: 'x' });
      expect(statSync(file).mtimeMs).not.toBe(1_000_000);
    }));

  it.each(['', '{"name": "l', 'null', '3', '[]'])(
    'is unknown, and no reason to stop, when the account is %j',
    (text) =>
      inTemporaryDirectory(async (dir) => {
        const state = openState(dir);
        writeFileSync(state.path('described.json'), text);
        expect(await changedKeys(state, before)).toEqual([]);
        expect((await changedKeys(state, { ...before, name: 'shop' })).map(({ key }) => key)).toEqual([
          'name',
        ]);
        expect(existsSync(state.path('described.json'))).toBe(true);
      }),
  );
});
