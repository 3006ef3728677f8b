import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { kubeconfig } from '../../provisioners/kubeconfig.ts';
import { changeConfig, reachable, userConfig } from '../../src/cli/user-config.ts';
import { newAuthority } from '../../src/pki/authority.ts';
import { newKey, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { workplace } from './workplace.ts';

const work = workplace();
const API = 'https://10.99.0.11:6443';
// Nobody is there, and nobody is waited for.
const description = JSON.parse(readFileSync(work.file, 'utf8')) as object;
writeFileSync(work.file, JSON.stringify({ ...description, timeouts: { connect: 1 } }));
const ours = work.session().state.path('kubeconfig');
const run = (...words: string[]) => work.run('kubeconfig', ...words);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hardway-kubeconfig-'));
  process.env['KUBECONFIG'] = `${join(folder, 'sub', 'config')}:${join(folder, 'second')}`;
  const credential = { certificate: 'CERT', key: 'KEY' };
  writeFileSync(ours, kubeconfig('test', API, 'CA', 'test-admin', credential));
});
afterEach(() => {
  delete process.env['KUBECONFIG'];
  rmSync(folder, { recursive: true });
});
const file = (): string => join(folder, 'sub', 'config');
const mode = (path: string): number => statSync(path).mode & 0o777;
const put = (path: string, text: string): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};

const SOMEBODY = 'contexts:\n- name: theirs\n  context: {cluster: c, user: u}\ncurrent-context: theirs\n';

describe('hardway kubeconfig', () => {
  it('prints it, or where it lies', async () => {
    expect(await run()).toMatchObject({ code: 0, out: readFileSync(ours, 'utf8') });
    expect(await run('--path')).toMatchObject({ code: 0, out: `${ours}\n` });
  });

  it('--to writes it closed, and over nothing else', async () => {
    const to = join(folder, 'a', 'conf');
    expect((await run('--to', to)).code).toBe(0);
    expect([mode(to), readFileSync(to, 'utf8')]).toEqual([0o600, expect.stringContaining(API)]);
    expect((await run('--to', to)).out).toContain('was in it already');
    writeFileSync(to, SOMEBODY);
    const { code, err } = await run('--to', to);
    expect([code, readFileSync(to, 'utf8')]).toEqual([1, SOMEBODY]);
    expect(err).toContain('something else is in it');
  });

  it('--merge goes into the first file of KUBECONFIG, closed, and once', async () => {
    put(file(), SOMEBODY);
    const { code, out, err } = await run('--merge');
    expect([code, mode(file()), out]).toEqual([0, 0o600, `${file()}: the context test is in it now\n`]);
    expect(err).toContain(`! the API does not answer from here yet (asked: ${API})`);
    const once = readFileSync(file(), 'utf8');
    expect(once).toMatch(/name: theirs[^]*current-context: theirs/);
    expect((await run('--merge')).out).toContain('was in it already');
    expect([readFileSync(file(), 'utf8'), existsSync(join(folder, 'second'))]).toEqual([once, false]);
    expect((await run('--merge', '--use')).code).toBe(0);
    expect(readFileSync(file(), 'utf8')).toContain('current-context: test');
    await run('--unmerge');
    expect(readFileSync(file(), 'utf8')).toContain('current-context: ""');
    expect(readFileSync(file(), 'utf8')).not.toContain('test');
    expect((await run('--unmerge')).out).toContain('nothing of ours');
  });

  it('--merge follows a link and leaves it one', async () => {
    put(file(), '');
    rmSync(file());
    put(join(folder, 'real'), SOMEBODY);
    symlinkSync(join(folder, 'real'), file());
    expect((await run('--merge')).code).toBe(0);
    expect(lstatSync(file()).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toContain('name: test');
  });

  it('does not touch a broken file', async () => {
    put(file(), 'clusters: [');
    for (const how of ['--merge', '--unmerge']) {
      const { code, err } = await run(how);
      expect([code, readFileSync(file(), 'utf8')]).toEqual([1, 'clusters: [']);
      expect(err).toMatch(/✗ .*config cannot be read as a kubeconfig: .*\n.*it was not touched/);
      expect(existsSync(`${file()}.lock`)).toBe(false);
    }
  });

  it.each([
    [['--use'], '--use says something about --merge only'],
    [['--merge', '--unmerge'], '--merge and --unmerge do not go together'],
    [['--path', '--to', 'x'], '--path and --to do not go together'],
  ])('refuses %j', async (words, message) => {
    const { code, err } = await run(...words);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('waits for kubectl, which locks the file too, and then gives up', async () => {
    put(`${file()}.lock`, '');
    setTimeout(() => rmSync(`${file()}.lock`), 300);
    expect(await changeConfig(file(), () => 'text')).toBe(true);
    put(`${file()}.lock`, '');
    await expect(changeConfig(file(), () => 'other')).rejects.toThrow('is being changed by another program');
    expect(readFileSync(file(), 'utf8')).toBe('text');
  });
});

describe('the user’s own file', () => {
  it.each([
    [{ KUBECONFIG: '/a:/b' }, '/a'],
    [{ KUBECONFIG: ':/b' }, '/b'],
  ])('of %j is %s', (env, path) => {
    expect(userConfig(env)).toBe(path);
  });

  it.each([{}, { KUBECONFIG: '' }])('of %j lies at home', (env) => {
    expect(userConfig(env)).toMatch(/\/\.kube\/config$/);
  });
});

describe('an address at which the API answers', () => {
  it('is the first that the authority vouches for', async () => {
    const [own, other] = await Promise.all([
      newAuthority({ commonName: 'own', days: 2 }),
      newAuthority({ commonName: 'other', days: 2 }),
    ]);
    const key = await newKey('ecdsa');
    const { certificatePem: cert } = own.issue({
      ...{ publicKey: publicHalf(key), commonName: 'api', organizations: [], usages: ['server'], days: 1 },
      names: { dns: ['localhost'], ip: [] },
    });
    const server = createServer({ cert, key: privateKeyPem(key) });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const [wrongName, right, closed] = [
      `https://127.0.0.1:${port}`,
      `https://localhost:${port}`,
      'https://127.0.0.1:9',
    ];
    expect(await reachable([closed, wrongName, right], own.certificatePem, 5)).toBe(right);
    expect(await reachable([closed, wrongName], own.certificatePem, 5)).toBeNull();
    expect(await reachable([right], other.certificatePem, 5)).toBeNull();
  });
});
