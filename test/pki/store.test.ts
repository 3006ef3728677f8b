import { mkdtempSync } from 'node:fs';
import { chmod, cp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StateError } from '../../src/errors.ts';
import type { CertificateSpec } from '../../src/pki/certificate.ts';
import { openPki } from '../../src/pki/store.ts';
import type { PkiStore } from '../../src/pki/store.ts';
import { everythingIn } from './everything-in.ts';
import { openssl, scratchDirectory } from './openssl.ts';

const scratch = scratchDirectory();
const earlier = join(scratch, 'earlier');
const ca = { commonName: 'lab cluster', days: 3650 };
const first = { mayCreate: true };
const later = { mayCreate: false };
const spec: CertificateSpec = {
  commonName: 'kube-apiserver',
  organizations: [],
  usages: ['server'],
  names: { dns: ['kubernetes'], ip: ['10.96.0.1'] },
  days: 365,
  authority: 'cluster',
};
let directory: string;
let pki: PkiStore;
beforeEach(() => {
  directory = join(mkdtempSync(join(scratch, 'store-')), 'pki');
  pki = openPki(directory, { algorithm: 'ecdsa' });
});

const at = (file: string): string => join(directory, file);

const everything = (): Promise<Record<string, string>> => everythingIn(directory);

async function failure(attempt: Promise<unknown>): Promise<StateError> {
  const error = await attempt.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StateError);
  return error as StateError;
}

async function makeAll(may: { mayCreate: boolean }) {
  const authority = await pki.ensureAuthority('cluster', ca, may);
  const [leaf, pair] = await Promise.all([
    pki.ensureLeaf('master/kube-apiserver', spec, authority),
    pki.ensureKeyPair('service-account', may),
  ]);
  return { authority, leaf, pair };
}

/** A store of an earlier run: keys take long to make, so all tests share copies of one. */
async function makeEarlier() {
  await cp(earlier, directory, { recursive: true });
  return makeAll(later);
}

beforeAll(async () => {
  directory = earlier;
  pki = openPki(directory, { algorithm: 'ecdsa' });
  await makeAll(first);
});

describe('the store', () => {
  it('makes everything once; a second run changes no byte', async () => {
    const { leaf } = await makeAll(first);
    expect(leaf.reasons).toEqual(['does not exist yet']);
    const before = await everything();
    expect(Object.keys(before)).toEqual([
      'cluster.crt',
      'cluster.key',
      'master/kube-apiserver.crt',
      'master/kube-apiserver.key',
      'service-account.key',
      'service-account.pub',
    ]);
    for (const content of Object.values(before)) expect(content).toMatch(/^600 -----BEGIN/);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);

    const again = await makeAll(later);
    expect(again.leaf).toEqual({ ...leaf, reasons: [] });
    expect(await everything()).toEqual(before);
    const files = ['-CAfile', at('cluster.crt'), at('master/kube-apiserver.crt')];
    expect(openssl(['verify', '-x509_strict', ...files])).toContain('OK');
  });

  it.each(['', '../x', '/x', 'a//b', 'a/../b', '.hidden', 'a b'])('has no place for %j', async (name) => {
    expect((await failure(pki.ensureKeyPair(name, first))).message).toContain('cannot name');
  });
});

describe('an authority', () => {
  const losses: [string, string[]][] = [
    ['its key', ['cluster.key']],
    ['its certificate', ['cluster.crt']],
    ['both', ['cluster.crt', 'cluster.key']],
  ];
  it.each(losses)('that lost %s is not made again, whatever is allowed', async (_, files) => {
    await makeEarlier();
    await Promise.all(files.map((file) => rm(at(file))));
    const before = await everything();
    for (const may of [first, later]) {
      const { evidence, remedy } = await failure(pki.ensureAuthority('cluster', ca, may));
      expect(evidence).toEqual([
        ...files.map((file) => `missing: ${at(file)}`),
        `depends on it: ${join('master', 'kube-apiserver.crt')}`,
      ]);
      expect(remedy).toContain('backup');
    }
    expect(await everything()).toEqual(before);
  });

  it('that lost its key is not made again even when nothing depends on it', async () => {
    await makeEarlier();
    await rm(at('master'), { recursive: true });
    await rm(at('cluster.key'));
    const { evidence } = await failure(pki.ensureAuthority('cluster', ca, first));
    expect(evidence).toEqual([`missing: ${at('cluster.key')}`]);
  });

  it('that never was is made only when that is allowed', async () => {
    await failure(pki.ensureAuthority('cluster', ca, later));
    const made = await pki.ensureAuthority('cluster', ca, first);
    expect((await pki.ensureAuthority('cluster', ca, later)).fingerprint).toBe(made.fingerprint);
  });

  it('with the key of another one is refused', async () => {
    await makeEarlier();
    await cp(at('service-account.key'), at('cluster.key'));
    expect((await failure(pki.ensureAuthority('cluster', ca, first))).message).toContain('another one');
  });

  it('has its key closed to others again', async () => {
    await makeEarlier();
    await chmod(at('cluster.key'), 0o644);
    await pki.ensureAuthority('cluster', ca, later);
    expect((await stat(at('cluster.key'))).mode & 0o777).toBe(0o600);
  });

  it('is finished, not made anew, when the process died between its two files', async () => {
    const { authority } = await makeEarlier();
    const before = await everything();
    await rename(at('cluster.key'), at('cluster.key.new'));
    const finished = await pki.ensureAuthority('cluster', ca, later);
    expect(finished.fingerprint).toBe(authority.fingerprint);
    expect(await everything()).toEqual(before);
  });

  it('is begun again when the process died before its certificate', async () => {
    await pki.ensureAuthority('cluster', ca, first);
    await rename(at('cluster.key'), at('cluster.key.new'));
    await rm(at('cluster.crt'));
    await pki.ensureAuthority('cluster', ca, first);
    expect(Object.keys(await everything())).toEqual(['cluster.crt', 'cluster.key']);
  });
});

describe('a leaf', () => {
  const file = 'master/kube-apiserver';

  it('is renewed with a new key when a name is added, and nothing else is', async () => {
    const { authority, leaf } = await makeEarlier();
    const more = { ...spec, names: { ...spec.names, dns: ['kubernetes', 'api.lab'] } };
    expect(await pki.leafProblems(file, more, authority)).toEqual(['lacks the name DNS:api.lab']);
    const before = await everything();
    const renewed = await pki.ensureLeaf(file, more, authority);
    expect(renewed.reasons).toEqual(['lacks the name DNS:api.lab']);
    expect(renewed.keyPem).not.toBe(leaf.keyPem);
    expect(await pki.leafProblems(file, more, authority)).toEqual([]);
    const after = await everything();
    const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
    expect(changed).toEqual([`${file}.crt`, `${file}.key`]);
  });

  const losses: [string, () => Promise<unknown>, string][] = [
    ['its certificate', () => rm(at(`${file}.crt`)), 'does not exist yet'],
    ['its key', () => rm(at(`${file}.key`)), 'has lost its private key'],
    [
      'the end of its key',
      () => writeFile(at(`${file}.key`), '-----BEGIN'),
      'does not belong to its private key',
    ],
    ['the end of its certificate', () => writeFile(at(`${file}.crt`), '-----BEGIN'), 'cannot be read'],
  ];
  it.each(losses)('that lost %s is made again', async (_, lose, reason) => {
    const { authority } = await makeEarlier();
    await lose();
    expect((await pki.ensureLeaf(file, spec, authority)).reasons).toEqual([reason]);
    expect(await pki.leafProblems(file, spec, authority)).toEqual([]);
  });

  it('that was being renewed when the process died counts as renewed once its certificate is there', async () => {
    const { authority, leaf } = await makeEarlier();
    const oldKey = await readFile(at('cluster.key'));
    await rename(at(`${file}.key`), at(`${file}.key.new`));
    await writeFile(at(`${file}.key`), oldKey);
    expect(await pki.leafProblems(file, spec, authority)).toEqual([]);
    expect(await pki.ensureLeaf(file, spec, authority)).toEqual({ ...leaf, reasons: [] });
    expect(await readFile(at(`${file}.key`), 'utf8')).toBe(leaf.keyPem);
    expect(await readdir(at('master'))).toEqual(['kube-apiserver.crt', 'kube-apiserver.key']);
  });

  it('whose renewal died before its certificate keeps the old pair', async () => {
    const { authority, leaf } = await makeEarlier();
    await writeFile(at(`${file}.key.new`), await readFile(at('cluster.key')));
    expect(await pki.ensureLeaf(file, spec, authority)).toEqual({ ...leaf, reasons: [] });
    expect(await readdir(at('master'))).toEqual(['kube-apiserver.crt', 'kube-apiserver.key']);
  });

  it('many at once come from one store', async () => {
    const { authority } = await makeEarlier();
    const names = Array.from({ length: 20 }, (_, number) => `minion-${number}/kubelet`);
    const leaves = await Promise.all(names.map((name) => pki.ensureLeaf(name, spec, authority)));
    expect(new Set(leaves.map((leaf) => leaf.keyPem)).size).toBe(20);
  });
});

describe('a key pair', () => {
  it('is one that openssl agrees with', async () => {
    const { pair } = await makeEarlier();
    expect(openssl(['pkey', '-pubout'], pair.privateKeyPem)).toBe(pair.publicKeyPem);
    expect(openssl(['pkey', '-noout', '-text'], pair.privateKeyPem)).toContain('2048 bit');
  });

  it('gets its public half back, but never a new private one', async () => {
    const { pair } = await makeEarlier();
    await rm(at('service-account.pub'));
    expect(await pki.ensureKeyPair('service-account', later)).toEqual(pair);
    expect(await readFile(at('service-account.pub'), 'utf8')).toBe(pair.publicKeyPem);
    await rm(at('service-account.key'));
    const { evidence } = await failure(pki.ensureKeyPair('service-account', first));
    expect(evidence).toContain(`missing: ${at('service-account.key')}`);
    await rm(at('service-account.pub'));
    await failure(pki.ensureKeyPair('service-account', later));
    expect(Object.keys(await everything())).not.toContain('service-account.key');
  });

  it('whose halves differ, or whose key is damaged, is refused', async () => {
    await makeEarlier();
    await cp(at('cluster.key'), at('service-account.key'));
    const differing = await failure(pki.ensureKeyPair('service-account', first));
    expect(differing.message).toContain('not the public half');
    await writeFile(at('service-account.key'), 'nonsense');
    const damaged = await failure(pki.ensureKeyPair('service-account', first));
    expect(damaged.message).toContain('no private key');
  });
});
