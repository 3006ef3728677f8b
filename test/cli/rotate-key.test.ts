import { writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AtRest, Product } from '../../src/cli/product.ts';
import { rotateKey } from '../../src/cli/rotate-key.ts';
import type { Event } from '../../src/report/event.ts';
import { type EncryptionKey, encryptionKeys, newKey, writeKeys } from '../../src/state/encryption-keys.ts';
import { workplace } from './workplace.ts';

/** What each API server was told last, and what every Secret is encrypted with. */
let servers: readonly EncryptionKey[] = [];
let stored = '';
let effects: string[] = [];
/** The effect, counted from 1, at which everything ends. */
let fall = 0;

const old = newKey('key1', 'secretbox');
const work = workplace();
const session = () => work.session();
const kept = async () => (await encryptionKeys(session().state, 'secretbox', false)).keys;
const namesOf = (keys: readonly EncryptionKey[]): string =>
  keys
    .filter(({ retired }) => !retired)
    .map(({ name }) => name)
    .join(' ');

function effect(what: string): void {
  effects.push(what);
  if (effects.length === fall) throw new Error('killed');
}

/** Every API server reads what is stored, or the cluster is broken. */
function readable(): void {
  expect(servers.map(({ name }) => name)).toContain(stored);
}

const atRest: AtRest = {
  phase: 'prepare',
  async ready() {
    servers = (await kept()).filter(({ retired }) => !retired);
    readable();
    effect(`told ${namesOf(servers)}`);
  },
  async rewrite(_, key) {
    expect(servers[0]).toEqual(key);
    effect('half rewritten');
    readable();
    stored = key.name;
    effect(`rewritten with ${key.name}`);
    return 7;
  },
};
const product: Product = { ...work.product, atRest: async () => atRest };
const events: Event[] = [];
const rotate = () => rotateKey(product, session(), (event) => void events.push(event));

beforeEach(async () => {
  servers = [old];
  stored = 'key1';
  effects = [];
  fall = 0;
  events.length = 0;
  await work.stand();
  writeFileSync(session().state.path('kubeconfig'), '');
  await writeKeys(session().state, [old]);
});

describe('security rotate-key', () => {
  it('adds the new key, makes it first, writes all again, takes the old one away', async () => {
    await rotate();
    expect(effects).toEqual([
      ...['told key1 key2', 'told key2 key1', 'half rewritten', 'rewritten with key2', 'told key2'],
    ]);
    expect(await kept()).toMatchObject([{ name: 'key2' }]);
    expect(JSON.stringify(events)).toContain('7 Secrets, all of them with key2');
  });

  it.each([1, 2, 3, 4, 5])(
    'killed at effect %i goes on where it ended; a plain run between breaks nothing',
    async (at) => {
      fall = at;
      await expect(rotate()).rejects.toThrow('killed');
      fall = 0;
      // What a plain run rolls out.
      await atRest.ready(new Map());
      await rotate();
      readable();
      expect([await kept(), servers, stored]).toMatchObject([[{ name: 'key2' }], [{ name: 'key2' }], 'key2']);
    },
  );

  it('goes over to another way of encrypting', async () => {
    const { cluster, ...rest } = session();
    const security = { ...cluster.security, encryption: 'aescbc' as const };
    await rotateKey(product, { ...rest, cluster: { ...cluster, security } }, () => undefined);
    expect(await kept()).toMatchObject([{ name: 'key2', provider: 'aescbc' }]);
  });

  it('does not go on while a master is away', async () => {
    const away = work.session({ absent: ['master'] });
    await expect(rotateKey(product, away, () => undefined)).rejects.toThrow(
      /cannot go on: master is not there/,
    );
    expect((await kept()).map(({ name }) => name)).toEqual(['key1', 'key2']);
    await rotateKey(product, work.session({ absent: ['minion-1'] }), () => undefined);
    expect(stored).toBe('key2');
  });

  it('needs a cluster that was brought up', async () => {
    const fresh = workplace();
    await expect(rotateKey(fresh.product, fresh.session(), () => undefined)).rejects.toThrow(
      /was never brought up/,
    );
  });
});
