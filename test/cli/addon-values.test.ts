import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { turned } from '../../src/cli/addon-values.ts';
import { openState } from '../../src/state/directory.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardway-addon-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the add-on is after it was turned off, and on again. */
async function offAndOn(name: string, addons: object | undefined): Promise<unknown[]> {
  const state = openState(mkdtempSync(join(folder, 'state-')));
  const described = (value: unknown) => JSON.stringify({ addons: value });
  const off = await turned(state, described(addons), name, false);
  return [off, await turned(state, described({ ...addons, [name]: off }), name, true)];
}

const pool = { addresses: ['192.168.56.200-192.168.56.210'] };

it.each<[string, string, object | undefined, unknown]>([
  ['with values has them again', 'metallb', { metallb: pool, traefik: { port: 8080 } }, pool],
  ['without values is just on', 'traefik', { metallb: pool, traefik: true }, true],
  ['that is on unless said otherwise, too', 'coredns', undefined, true],
])('an add-on %s', async (_, name, addons, again) => {
  expect(await offAndOn(name, addons)).toEqual([false, again]);
});

it('values of long ago do not come back when it was on without any since', async () => {
  const state = openState(mkdtempSync(join(folder, 'state-')));
  await turned(state, JSON.stringify({ addons: { traefik: { port: 8080 } } }), 'traefik', false);
  await turned(state, JSON.stringify({ addons: { traefik: true } }), 'traefik', false);
  expect(await turned(state, '{}', 'traefik', true)).toBe(true);
});
