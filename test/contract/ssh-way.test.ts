import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sh } from '../../src/connection/quote.ts';
import { freePort } from '../fixtures/free-port.ts';
import { connected, faultOf, proxy, sshd, to } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';
import { sha256, upload } from './connection.ts';

const obstacle = unable('broken connections', whyNoSshd());

describe.skipIf(obstacle)('the way there', () => {
  it('ends at a closed port', async () => {
    const server = await sshd();
    const error = await faultOf(to(server, { port: await freePort() }));
    expect(error).toMatchObject({ fault: 'refused', absent: true });
  });

  it('ends at a name nobody knows', async () => {
    const error = await faultOf(to(await sshd(), { host: 'no-such-machine.invalid' }));
    expect(error).toMatchObject({ fault: 'unreachable', absent: true });
  });

  it('ends at a forwarded port with nothing behind it', async () => {
    const server = await sshd();
    const between = await proxy(await freePort());
    const connection = to(server, { port: between.port });
    setTimeout(() => between.reset(), 200);
    expect(await faultOf(connection)).toMatchObject({ fault: 'refused', absent: true });
  });

  it('swallows everything from the start', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    between.silence();
    const started = performance.now();
    const error = await faultOf(to(server, { port: between.port }));
    expect(error).toMatchObject({
      fault: 'timeout',
      absent: true,
      message: 'minion-1: no answer within 10 s',
    });
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('swallows everything in the middle', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const started = performance.now();
    const running = connection.run('sleep 60; echo never');
    await sleep(300);
    between.silence();
    expect(await running).toMatchObject({ ok: false, code: null, outcome: 'lost' });
    expect(performance.now() - started).toBeLessThan(16_000);
  });

  it('breaks in the middle of a run, and can be opened again', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const running = connection.run('echo begun; sleep 60');
    await sleep(300);
    between.reset();
    expect(await running).toMatchObject({ ok: false, code: null, stdout: 'begun\n', outcome: 'lost' });
    expect(await connection.run('true')).toMatchObject({ ok: false, code: null, outcome: 'lost' });
    await connection.connect();
    expect(await connection.run('true')).toMatchObject({ ok: true });
  });

  it('breaks while a script is sent: nothing of it runs', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    between.resetAfter(300_000);
    const script = sh`touch ${join(server.dir, 'ran')}\n: ${'x'.repeat(3_000_000)}`;
    expect(await connection.run(script)).toMatchObject({ ok: false, outcome: 'lost' });
    await sleep(500);
    expect(existsSync(join(server.dir, 'ran'))).toBe(false);
  });

  it('breaks in the middle of an upload: the old file stays', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const path = join(server.dir, 'target');
    await connection.put(upload(path, Buffer.from('old')));
    between.resetAfter(4_000_000);
    const large = upload(path, randomBytes(20_000_000));
    await expect(connection.put(large)).rejects.toMatchObject({ fault: 'lost' });
    await sleep(500);
    expect(readFileSync(path, 'utf8')).toBe('old');
    between.resetAfter(Infinity);
    await connection.connect();
    await connection.put(large);
    expect(sha256(readFileSync(path))).toBe(large.sha256);
  });
});
