import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StateError } from '../../src/errors.ts';
import { redact } from '../../src/report/redact.ts';
import { openState, type State } from '../../src/state/directory.ts';
import { type EncryptionKey, encryptionKeys, newKey, writeKeys } from '../../src/state/encryption-keys.ts';
import { onlyFirst, standingOf, turned, withNew, withOldRetired } from '../../src/state/key-rotation.ts';
import { inTemporaryDirectory } from '../fixtures/directories.ts';

const inState = (work: (state: State) => Promise<void>) => () =>
  inTemporaryDirectory((dir) => work(openState(join(dir, '.hardway'))));

describe('the key that encrypts Secrets', () => {
  it(
    'is made once, 32 bytes, kept closed to others when it is kept, and the same ever after',
    inState(async (state) => {
      const made = await encryptionKeys(state, 'secretbox', true);
      expect(made.keys).toMatchObject([{ name: 'key1', provider: 'secretbox' }]);
      expect(Buffer.from(made.keys[0]?.secret ?? '', 'base64')).toHaveLength(32);
      expect(() => statSync(state.path('encryption-key'))).toThrow('ENOENT');
      await made.keep();
      expect((statSync(state.path('encryption-key')).mode & 0o777).toString(8)).toBe('600');
      for (const mayCreate of [true, false])
        expect((await encryptionKeys(state, 'aescbc', mayCreate)).keys).toEqual(made.keys);
    }),
  );

  it(
    'is never made again when it is lost',
    inState(async (state) => {
      const lost = encryptionKeys(state, 'secretbox', false);
      await expect(lost).rejects.toThrow(StateError);
      await expect(lost).rejects.toMatchObject({
        message: expect.stringContaining('a new one is never made silently') as string,
        evidence: expect.arrayContaining([`missing: ${state.path('encryption-key')}`]) as string[],
      });
      expect(() => statSync(state.path('encryption-key'))).toThrow('ENOENT');
    }),
  );

  const secret = Buffer.alloc(32, 7).toString('base64');
  const short = Buffer.alloc(31, 7).toString('base64');
  const key = (more: object): string =>
    JSON.stringify([{ name: 'key1', provider: 'secretbox', secret, ...more }]);
  it.each([
    ['nothing', ''],
    ['half of it', key({}).slice(0, 40)],
    ['an empty list', '[]'],
    ['no list', '{}'],
    ['a key too short', key({ secret: short })],
    ['a way of encrypting that is none', key({ provider: 'identity' })],
    ['a name with a line break', key({ name: 'key1\n' })],
    ['no name', key({ name: undefined })],
    ['a mark that is none', key({ retired: 'yes' })],
  ])('damaged to %s it is refused, and left as it is', (_, text) =>
    inState(async (state) => {
      writeFileSync(state.path('encryption-key'), text);
      await expect(encryptionKeys(state, 'secretbox', true)).rejects.toThrow(/is damaged/);
    })(),
  );

  it(
    'is shown by nobody, once it was made or read',
    inState(async (state) => {
      const made = newKey('key1', 'secretbox');
      await writeKeys(state, [made, { name: 'key2', provider: 'aescbc', secret }]);
      await encryptionKeys(state, 'secretbox', false);
      for (const one of [made.secret, secret]) expect(redact(`: ${one}.`)).toBe(': [secret].');
    }),
  );
});

describe('a rotation', () => {
  const old: EncryptionKey = newKey('key9', 'secretbox');

  it('goes from one key to the next, and each standing can be told from the keys', () => {
    const reading = withNew([old], 'aescbc');
    expect(reading).toMatchObject([old, { name: 'key10', provider: 'aescbc' }]);
    const [, young] = reading;
    const writing = turned(reading);
    expect(writing).toEqual([young, old]);
    const leaving = withOldRetired(writing);
    expect(leaving).toEqual([young, { ...old, retired: true }]);
    const after = onlyFirst(leaving);
    expect(after).toEqual([young]);
    expect([[old], reading, writing, leaving, after].map(standingOf)).toEqual([
      ...['at rest', 'reading', 'writing', 'leaving', 'at rest'],
    ]);
  });
});
