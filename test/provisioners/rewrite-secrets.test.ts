import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { prefixOf } from '../../provisioners/encryption.ts';
import { rewriteSecrets } from '../../provisioners/rewrite-secrets.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { localConnection } from '../../src/connection/local.ts';
import type { EncryptionKey } from '../../src/state/encryption-keys.ts';
import { cluster } from './machines.ts';

const key: EncryptionKey = { name: 'key2', provider: 'secretbox', secret: '' };
const OLD = 'k8s:enc:secretbox:v1:key1:';
const NEW = prefixOf(key);
const PLAIN = 'k8s\0\n\f\n\x02v1\x12\x06Secret';

type Database = Readonly<Record<string, string>>;

/** As etcdctl prints it. */
function json(database: Database): string {
  const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');
  const kvs = Object.entries(database).map(([name, begins]) => ({
    ...{ key: base64(`/registry/secrets/${name}`), create_revision: 7, mod_revision: 8, version: 1 },
    value: base64(`${begins}\x00{"key":"no","value":"\xff}\n`),
  }));
  return JSON.stringify({ header: { revision: 9 }, ...(kvs.length > 0 ? { kvs } : {}), count: kvs.length });
}

/** This machine with an etcd that holds one database after the other: a step further with each writing. */
function machine(...databases: readonly Database[]) {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  databases.forEach((database, index) => writeFileSync(join(folder, `${index}.json`), json(database)));
  writeFileSync(join(folder, 'now'), '0');
  const program = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\ncd ${folder}\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('etcdctl', 'cat $(cat now).json');
  program(
    'kubectl',
    `case "$*" in
*replace*) cat >/dev/null; next=$(( $(cat now) + 1 )); [ -e $next.json ] && echo $next >now; echo "a conflict" >&2; exit 1;;
*) echo '{"items": []}';;
esac`,
  );
  const local = localConnection();
  const connection: Connection = {
    ...local,
    run: (script, options) => local.run(script.replaceAll('/usr/local/bin', folder), options),
  };
  return {
    machines: new Map([['master', connection]]),
    writings: () => Number(readFileSync(join(folder, 'now'), 'utf8')),
  };
}

describe('every Secret is written again', () => {
  it('and counted, when the database shows nothing else', async () => {
    const { machines } = machine(
      { 'default/a': OLD, 'default/b': PLAIN },
      { 'default/a': NEW, 'default/b': NEW },
    );
    expect(await rewriteSecrets(cluster, machines, key)).toBe(2);
  });

  it('once more when somebody wrote one meanwhile', async () => {
    const { machines, writings } = machine(
      { 'default/a': OLD, 'shop/b': OLD },
      { 'default/a': NEW, 'shop/b': OLD },
      { 'default/a': NEW, 'shop/b': NEW },
    );
    expect(await rewriteSecrets(cluster, machines, key)).toBe(2);
    expect(writings()).toBe(2);
  });

  it.each([
    ['the old key', OLD],
    ['no key', PLAIN],
    ['a key whose name begins alike', 'k8s:enc:secretbox:v1:key20:'],
    ['another way of encrypting', 'k8s:enc:aescbc:v1:key2:'],
  ])('or the one with %s is named', async (_, begins) => {
    const { machines } = machine({ 'default/a': OLD }, { 'default/a': NEW, 'shop/till': begins });
    await expect(rewriteSecrets(cluster, machines, key)).rejects.toMatchObject({
      message: 'master: 1 of 2 Secrets are not encrypted with key2',
      evidence: ['shop/till', 'a conflict'],
    });
  });

  it('where there is none there is nothing to prove', async () => {
    expect(await rewriteSecrets(cluster, machine({}).machines, key)).toBe(0);
  });

  it('and a database that does not answer proves nothing', async () => {
    const { machines } = machine();
    await expect(rewriteSecrets(cluster, machines, key)).rejects.toThrow(
      /failed while the database was looked at/,
    );
  });
});
