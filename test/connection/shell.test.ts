import { describe, expect, it } from 'vitest';
import { $ as local } from 'zx/core';
import { fakeConnection } from '../../src/connection/fake.ts';
import { localConnection } from '../../src/connection/local.ts';
import { shell } from '../../src/connection/shell.ts';

const on = shell(localConnection());

describe('the shell face', () => {
  it('runs with our own quoting', async () => {
    const word = "it's; $(id) ü";
    expect((await on`printf '%s|' ${word} ${['a b', 'c']}`).stdout).toBe(`${word}|a b|c|`);
  });

  it('runs all of a large output', async () => {
    expect((await on`head -c 3000000 /dev/zero | tr '\\0' x`).stdout).toHaveLength(3_000_000);
  });

  it('fails as zx fails', async () => {
    const output = await on`echo out; echo err >&2; exit 7`.nothrow();
    expect(output).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' });
    await expect(on`exit 7`).rejects.toMatchObject({ exitCode: 7 });
  });

  it('lets go in time, and when told so', async () => {
    const started = performance.now();
    await expect(on`sleep 3`.timeout('200ms')).rejects.toMatchObject({ signal: 'SIGTERM' });
    const command = on`sleep 3`;
    setTimeout(() => void command.kill(), 200);
    await expect(command).rejects.toMatchObject({ signal: 'SIGTERM' });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('leaves local processes as they are', async () => {
    const command = local({ quiet: true })`sleep 30`;
    setTimeout(() => void command.kill(), 200);
    await expect(command).rejects.toMatchObject({ signal: 'SIGTERM' });
  });

  it('has no standard input and says so', async () => {
    await expect(shell(localConnection())({ input: 'x' })`cat`).rejects.toThrow(/no standard input/);
  });

  it('asks a fake as it asks a machine', async () => {
    const fake = fakeConnection([{ run: 'systemctl is-active etcd', reply: { stdout: 'active\n' } }]);
    expect((await shell(fake)`systemctl is-active ${'etcd'}`).stdout).toBe('active\n');
    const gone = fakeConnection([{ run: 'true', reply: { outcome: 'lost', code: null } }], 'minion-1');
    await expect(shell(gone)`true`).rejects.toThrow(/minion-1: the connection broke/);
  });
});
