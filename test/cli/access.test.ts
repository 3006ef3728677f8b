import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Product, UserRequest } from '../../src/cli/product.ts';
import { runMain, workplace } from './workplace.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nnot really\n-----END PRIVATE KEY-----\n';

/** Keeps what it was asked for; each certificate has the next number. */
function working() {
  const work = workplace();
  const asked: UserRequest[] = [];
  // As after a first run.
  writeFileSync(work.session().state.path('kubeconfig'), '');
  const product: Product = {
    ...work.product,
    async user(_, __, request) {
      asked.push(request);
      return {
        kubeconfig: KEY,
        serial: `AB${asked.length}`,
        expires: new Date(Date.now() + asked.length * 1000),
      };
    },
  };
  return { ...work, asked, run: (...words: string[]) => runMain(product, [...words, '--file', work.file]) };
}

describe('hardway user', () => {
  it('add shows a kubeconfig, eight hours long by default, and keeps a record without the key', async () => {
    const { run, asked, folder } = working();
    const { code, out, err } = await run('user', 'add', 'ann', '--group', 'viewers', '--group', 'team');
    expect([code, out, err]).toEqual([0, KEY, '']);
    expect(asked).toEqual([{ name: 'ann', groups: ['viewers', 'team'], ttl: '8h' }]);
    const record = join(folder, '.hardway/users/AB1.json');
    expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({
      name: 'ann',
      groups: ['viewers', 'team'],
    });
    for (const name of readdirSync(join(folder, '.hardway'), { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, '.hardway', name);
      if (statSync(path).isFile()) expect(readFileSync(path, 'utf8'), name).not.toContain('not really');
    }
  });

  it('add writes a file that only its owner reads, and replaces none', async () => {
    const { run, folder } = working();
    const output = join(folder, 'ann.conf');
    const words = ['user', 'add', 'ann', '--group', 'viewers', '--ttl', '1h', '--output', output];
    expect(await run(...words)).toMatchObject({ code: 0, out: '' });
    expect([readFileSync(output, 'utf8'), statSync(output).mode & 0o777]).toEqual([KEY, 0o600]);
    writeFileSync(output, 'mine');
    expect(await run(...words)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`✗ ${output} exists`),
    });
    expect(readFileSync(output, 'utf8')).toBe('mine');
  });

  it.each([
    [['user', 'add'], 'no name is given'],
    [['user', 'add', 'ann'], 'ann is in no group'],
    [['user', 'take', 'ann'], 'user knows no action take'],
  ])('%j is refused', async (words, message) => {
    const { run, folder } = working();
    expect(await run(...words)).toMatchObject({ code: 1, err: expect.stringContaining(message) });
    expect(existsSync(join(folder, '.hardway/users'))).toBe(false);
  });

  it('add is for a cluster that was made', async () => {
    const { run, folder } = working();
    rmSync(join(folder, '.hardway/kubeconfig'));
    const { code, err } = await run('user', 'add', 'ann', '--group', 'viewers');
    expect([code, err]).toEqual([1, expect.stringContaining('✗ no cluster was made from here yet')]);
  });

  it('list tells who was given one, and until when', async () => {
    const { run, folder } = working();
    expect((await run('user', 'list')).out).toBe('nobody was given a kubeconfig\n');
    await run('user', 'add', 'ann', '--group', 'viewers');
    await run('user', 'add', 'bob', '--group', 'team:blue');
    const file = join(folder, '.hardway/users/AB1.json');
    const ann = JSON.parse(readFileSync(file, 'utf8')) as { expires: string };
    writeFileSync(file, JSON.stringify({ ...ann, expires: '2026-01-01T00:00:00.000Z' }));
    const lines = (await run('user', 'list')).out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^NAME +GROUPS +ENDS +SERIAL$/);
    expect(lines[1]).toMatch(/^bob +team:blue +\S+Z +AB2$/);
    expect(lines[2]).toMatch(/^ann +viewers +2026-01-01T00:00:00.000Z \(over\) +AB1$/);
    expect(JSON.parse((await run('user', 'list', '--json')).out)).toHaveLength(2);
  });
});

describe('hardway token', () => {
  it('rotate makes another one, and says when the cluster could not be told', async () => {
    const { run } = working();
    const first = (await run('token')).out;
    expect(first).toMatch(/^[a-z0-9]{6}\.[a-z0-9]{16}\n$/);
    expect((await run('token')).out).toBe(first);
    const { code, out, err } = await run('token', 'rotate');
    expect(code).toBe(0);
    expect(out).not.toBe(first);
    expect(err).toMatch(/an older token that the cluster still has ends by itself, 1h after/);
    expect((await run('token', 'show')).out).toBe(out);
  });
});
