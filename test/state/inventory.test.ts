import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { StateError } from '../../src/errors.ts';
import { openState } from '../../src/state/directory.ts';
import type { SshTarget } from '../../src/cluster/model.ts';
import {
  ownMachine,
  readInventory,
  readOne,
  removeMachine,
  targetOf,
  writeMachine,
} from '../../src/state/inventory.ts';
import type { Machine } from '../../src/state/inventory.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const master: Machine = {
  name: 'master',
  host: '127.0.0.1',
  port: 2222,
  user: 'vagrant',
  keys: ['/home/me/key'],
  provider: 'virtualbox',
};
const minion: Machine = { ...master, name: 'minion-1', port: 2200 };

describe('the inventory', () => {
  it('shows who arrived and who went', () =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      expect(await readInventory(state)).toEqual([]);
      await writeMachine(state, minion);
      await writeMachine(state, master);
      expect(await readInventory(state)).toEqual([master, minion]);
      await writeMachine(state, { ...master, port: 22 });
      await removeMachine(state, 'minion-1');
      await removeMachine(state, 'minion-1');
      expect(await readInventory(state)).toEqual([{ ...master, port: 22 }]);
      expect(readdirSync(state.path('inventory'))).toEqual(['master.json']);
    }));

  const full: Machine = { ...minion, roles: ['minion'], address: '10.0.0.12' };
  const told = ownMachine('minion-1', {
    ...{ host: 'm1', port: null, user: null, keys: null, agent: true, passphrase: 'ask' },
    ...{ sudoPassword: 'env:WORD', hostKey: null },
    bastion: targetOf(master) as SshTarget,
  });
  const here = ownMachine('minion-1', 'local');
  it.each([
    ['a role and an address', full, full],
    ['neither, as older files', minion, minion],
    ['what cluster.json tells', told, told],
    ['the operator’s own machine', here, here],
    ['nonsense in their place', { ...minion, roles: 'minion', address: 7 }, minion],
    ['a key of a later Hardway', { ...full, weight: 3 }, full],
  ])('takes a file with %s', (_, written, expected) =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      await writeMachine(state, written as Machine);
      expect(await readInventory(state)).toEqual([expected]);
      expect([await readOne(state, 'minion-1'), await readOne(state, 'minion-2')]).toEqual([expected, null]);
    }),
  );

  const damage: [string, string][] = [
    ['half a file', '{"name": "mas'],
    ['an empty file', ''],
    ['another value', '[]'],
    ['nothing', 'null'],
    ['a missing field', JSON.stringify({ ...master, host: undefined })],
    ['a wrong port', JSON.stringify({ ...master, port: '2222' })],
    ['wrong keys', JSON.stringify({ ...master, keys: [1] })],
    ['a bastion that is none', JSON.stringify({ ...master, bastion: { host: 'x' } })],
    ['another machine', JSON.stringify(minion)],
  ];
  it.each(damage)('names the damaged file: %s', (_, text) =>
    inTemporaryDirectory(async (dir) => {
      const state = openState(dir);
      await writeMachine(state, minion);
      writeFileSync(state.path('inventory/master.json'), text);
      const error = await readInventory(state).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(StateError);
      expect(String(error)).toContain('inventory/master.json is damaged');
    }),
  );

  it.each(['../x', '', '.hidden', 'a/b'])('refuses the name %j', (name) =>
    inTemporaryDirectory(async (dir) => {
      await expect(writeMachine(openState(dir), { ...master, name })).rejects.toThrow(/is no machine name/);
    }),
  );
});
