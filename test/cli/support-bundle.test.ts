import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { untar } from '../../src/artefacts/tar.ts';
import { supportBundle } from '../../src/cli/support-bundle.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { formsOf } from '../live/support/canaries.ts';
import { workplace } from './workplace.ts';

const work = workplace();
const { state } = work.session();

/** Made by openssl and by hand: nothing in this process has ever seen them. */
const opensslKey = (): string =>
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { encoding: 'utf8' });
const secrets = {
  token: 'abcdef.0123456789abcdef',
  encryption: Buffer.from('thirty-two bytes of a secret key').toString('base64'),
  authority: opensslKey(),
  admin: opensslKey(),
};
const line = (pem: string): string => pem.split('\n')[1] ?? '';
const canaries = [
  secrets.token,
  secrets.token.slice(7),
  secrets.encryption,
  line(secrets.authority),
  line(secrets.admin),
];
const all = Object.values(secrets).join('\n');
const asBase64 = Buffer.from(all).toString('base64');

/** A machine that says every secret, whatever it is asked. */
const talkative = (label: string): Connection => ({
  label,
  connect: async () => undefined,
  close: async () => undefined,
  put: async () => undefined,
  async run(_, options) {
    const stdout = `${all}\n${asBase64}\n`;
    stdout.split('\n').forEach((one) => options?.onLine?.(one));
    return { ok: true, code: 0, stdout, stderr: all, milliseconds: 0, outcome: 'ended' };
  },
});

const files = new Map<string, string>();
beforeAll(async () => {
  const put = (path: string, text: string): void => {
    mkdirSync(join(state.path(path), '..'), { recursive: true });
    writeFileSync(state.path(path), text, { mode: 0o600 });
  };
  put('cluster-token', `${secrets.token}\n`);
  put(
    'encryption-key',
    JSON.stringify([{ name: 'key1', provider: 'secretbox', secret: secrets.encryption }], null, 2),
  );
  put('pki/ca.key', secrets.authority);
  put(
    'kubeconfig',
    `users:\n- user:\n    client-key-data: ${Buffer.from(secrets.admin).toString('base64')}\n`,
  );
  put('journal.ndjson', `${JSON.stringify({ type: 'note', text: all })}\n`);
  put('runs/2026-01-01T000000.000Z/master.log', `== etcd\n${all}\n${asBase64}\n-- kept --\n`);
  const session = work.session();
  const machines = async () =>
    session.cluster.nodes.map(({ name }) => ({
      name,
      connection: name === 'minion-2' ? null : talkative(name),
    }));
  const product = { ...work.product, status: async () => ({ nodes: [], problems: [all, asBase64] }) };
  const bundle = await supportBundle(product, { ...session, machines });
  for (const [path, { content }] of untar(gunzipSync(bundle))) files.set(path, content?.toString() ?? '');
});

describe('a support bundle', () => {
  it('holds what helps, also of the machines that are there', () => {
    expect([...files.keys()]).toEqual(
      expect.arrayContaining([
        'hardway/cluster.json',
        'hardway/status.json',
        'hardway/versions.json',
        'hardway/database.json',
        'hardway/journal.ndjson',
        'hardway/runs/2026-01-01T000000.000Z/master.log',
        'hardway/master/kube-apiserver.log',
        'hardway/minion-1/kubelet.log',
      ]),
    );
    expect([...files.keys()].filter((path) => path.includes('minion-2/'))).toEqual([]);
    expect(files.get('hardway/cluster.json')).toContain('"serviceCidr": "10.96.0.0/16"');
    expect(files.get('hardway/runs/2026-01-01T000000.000Z/master.log')).toMatch(
      /\[secret\][^]*-- kept --\n$/,
    );
  });

  it('holds no secret of the state directory, in no form', () => {
    for (const secret of canaries)
      for (const form of formsOf(secret))
        for (const [path, text] of files) expect([path, text.includes(form)]).toEqual([path, false]);
  });

  it('would have held them', () => {
    const raw = readdirSync(state.dir, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(state.path(path)).isFile())
      .map((path) => readFileSync(state.path(path), 'utf8'))
      .join('\n');
    for (const secret of canaries) expect(formsOf(secret).some((form) => raw.includes(form))).toBe(true);
  });

  it('is written closed, and over nothing', async () => {
    const to = join(work.folder, 'bundle.tar.gz');
    const { code, out, err } = await work.run('support-bundle', '--to', to);
    expect([code, err]).toEqual([0, '']);
    expect([code, out, statSync(to).mode & 0o777]).toEqual([0, `${to}\n`, 0o600]);
    const held = untar(gunzipSync(readFileSync(to)));
    expect(held.get('hardway/master/unreachable.txt')?.content?.toString()).toMatch(
      /^could not be had: master: /,
    );
    expect(await work.run('support-bundle', '--to', to)).toMatchObject({
      code: 1,
      err: `✗ ${to} exists\n  → Name another file, or remove it.\n`,
    });
  });
});
