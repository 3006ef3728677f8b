import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Authority } from '../../src/pki/authority.ts';
import { forgetRetired, introduce, replace, retire, rotationStanding } from '../../src/pki/rotation.ts';
import { openPki } from '../../src/pki/store.ts';
import { scratchDirectory } from './openssl.ts';

const scratch = scratchDirectory();
const spec = { commonName: 'kubernetes', days: 10 };
let folder: string;
let path: string;
let first: Authority;

const load = (): Promise<Authority> => openPki(folder).ensureAuthority('ca', spec, { mayCreate: false });
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const fingerprint = (name: string): string => new X509Certificate(read(name)).fingerprint256;

beforeEach(async () => {
  folder = mkdtempSync(join(scratch, 'rotation-'));
  path = join(folder, 'ca');
  first = await openPki(folder).ensureAuthority('ca', spec, { mayCreate: true });
});

describe('an authority takes the place of another', () => {
  it('in three steps: both trusted, the new one signs, the old one is dropped', async () => {
    expect(await rotationStanding(path)).toBe('steady');
    expect(first.trustPem).toBe(first.certificatePem);

    await introduce(path, spec);
    expect(await rotationStanding(path)).toBe('introduced');
    const coming = fingerprint('ca.next.crt');
    const introduced = await load();
    expect(introduced.fingerprint).toBe(first.fingerprint);
    expect(introduced.trusted).toEqual([first.fingerprint, coming]);

    await replace(path);
    expect(await rotationStanding(path)).toBe('replaced');
    const replaced = await load();
    expect(replaced.fingerprint).toBe(coming);
    expect(replaced.trustPem, 'what is trusted reads the same').toBe(introduced.trustPem);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'ca.key', 'ca.old.crt']);

    await retire(path);
    expect(await rotationStanding(path)).toBe('retired');
    expect((await load()).recognized, 'machines that were not told yet are known').toContain(
      first.fingerprint,
    );

    await forgetRetired(path);
    expect(await rotationStanding(path)).toBe('steady');
    const now = await load();
    expect(now.recognized).toEqual([coming]);
    expect(now.trusted).toEqual([coming]);
    expect(now.trustPem).toBe(now.certificatePem);
  });

  it('introduces one, however often it is asked', async () => {
    await introduce(path, spec);
    const coming = fingerprint('ca.next.crt');
    await introduce(path, spec);
    expect(fingerprint('ca.next.crt')).toBe(coming);
  });

  it('makes the new one again when only its key came to be written', async () => {
    await introduce(path, spec);
    rmSync(`${path}.next.crt`);
    expect(await rotationStanding(path)).toBe('steady');
    await introduce(path, spec);
    await replace(path);
    expect((await load()).fingerprint).not.toBe(first.fingerprint);
  });

  // What lies there when the process was killed between two writings of `replace`.
  const cuts: [string, (before: string, after: string) => void][] = [
    ['after the old one was kept', (_, after) => cpSync(join(after, 'ca.old.crt'), `${path}.old.crt`)],
    [
      'while the pair was replaced',
      (_, after) => {
        cpSync(join(after, 'ca.old.crt'), `${path}.old.crt`);
        cpSync(join(after, 'ca.key'), `${path}.key.new`);
        cpSync(join(after, 'ca.crt'), `${path}.crt`);
      },
    ],
    [
      'before the next one was taken away',
      (before, after) => {
        cpSync(after, folder, { recursive: true });
        cpSync(join(before, 'ca.next.crt'), `${path}.next.crt`);
      },
    ],
  ];
  it.each(cuts)('goes on when it was cut %s', async (_, cut) => {
    await introduce(path, spec);
    const before = mkdtempSync(join(scratch, 'before-'));
    cpSync(folder, before, { recursive: true });
    const after = mkdtempSync(join(scratch, 'after-'));
    cpSync(folder, after, { recursive: true });
    await replace(join(after, 'ca'));
    cut(before, after);

    await load(); // a run in between breaks nothing
    await replace(path);
    const now = await load();
    expect(await rotationStanding(path)).toBe('replaced');
    expect(now.certificatePem).toBe(readFileSync(join(after, 'ca.crt'), 'utf8'));
    expect(now.trusted).toContain(first.fingerprint);
    expect(readdirSync(folder).sort()).toEqual(['ca.crt', 'ca.key', 'ca.old.crt']);
  });
});
