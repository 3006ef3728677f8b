import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fakeConnection } from '../../src/connection/fake.ts';
import { sh } from '../../src/connection/quote.ts';
import { withSudo } from '../../src/connection/sudo.ts';
import { converge } from '../../src/engine/converge.ts';
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
    const lost = { ok: false, code: null, outcome: 'lost', stderr: 'no answer for 12 s\n' };
    expect(await running).toMatchObject(lost);
    expect(performance.now() - started).toBeLessThan(14_000);
  });

  it('is long and loses packets: a run is only slower, and needs few round trips', async () => {
    const server = await sshd({ user: { name: 'vagrant' }, sudoers: 'vagrant ALL=(ALL) NOPASSWD: ALL\n' });
    const between = await proxy(server.port);
    const connection = withSudo(to(server, { user: 'vagrant', port: between.port }));
    /** Of a run without changes, the one for TCP (which the proxy answers at once) included. */
    const roundTrips = async (): Promise<number> => {
      between.delay(150);
      const began = performance.now();
      await connection.connect(); // handshake, then: may we become root?
      for (const question of ['facts', 'survey', 'closing check'])
        expect(await connection.run(`echo ${question}; id -u`)).toMatchObject({ stdout: `${question}\n0\n` });
      const trips = (performance.now() - began) / 300 + 1;
      await connection.close();
      return trips;
    };
    let best = Infinity; // of three: a busy machine says nothing about the way
    for (let turn = 0; turn < 3 && best > 12.5; turn += 1) best = Math.min(best, await roundTrips());
    expect(Math.floor(best)).toBeLessThanOrEqual(12);
    expect(best, 'the delay is there').toBeGreaterThan(10);

    between.delay(150, 400);
    await connection.connect();
    await connection.put(upload(join(server.dir, 'file'), randomBytes(1_000_000)));
    const many = await Promise.all(Array.from({ length: 12 }, (_, i) => connection.run(`exit ${i}`)));
    expect(many.map(({ code }) => code)).toEqual(many.map((_, i) => i));
  });

  it('to one of 500 machines swallows everything: the others wait for it once, and it is named', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    between.silence();
    const names = Array.from({ length: 499 }, (_, i) => `m${i}`);
    const others = names.map((name) => ({ name, connection: fakeConnection([{ run: 'facts' }]) }));
    const dead = { name: 'dead', connection: to(server, { port: between.port, connectTimeout: 2 }) };
    const plan = { phases: [], scope: () => '', notes: [] };
    const began = performance.now();
    const outcome = await converge({
      ...{ machines: async () => [...others, dead], planOnly: false, report: () => undefined },
      recipe: { facts: sh`facts`, plan: (facts) => (expect(facts.size).toBe(499), plan) },
    });
    expect(outcome).toMatchObject({ awaiting: ['dead'], failures: [], changes: 0 });
    expect(performance.now() - began).toBeLessThan(4000);
    for (const { connection } of others) connection.verify();
  });

  it('breaks in the middle of a run, and can be opened again', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const running = connection.run('echo begun; sleep 60', { onLine: () => begun() });
    await hasBegun;
    between.reset();
    const stderr = 'the connection broke\n';
    expect(await running).toMatchObject({
      ...{ ok: false, code: null, stdout: 'begun\n', stderr, outcome: 'lost' },
    });
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

  it('ends with its server: reconnecting waits until that is back, but not for one that stays away', async () => {
    const server = await sshd();
    const connection = await connected(server);
    const running = connection.run('sleep 60');
    await sleep(200);
    const back = server.restart(1500);
    expect(await running).toMatchObject({ outcome: 'lost' });
    await connection.connect();
    await back;
    expect(await connection.run('echo again')).toMatchObject({ ok: true, stdout: 'again\n' });

    const other = to(server, { port: await freePort() });
    const started = performance.now();
    expect(await faultOf(other)).toMatchObject({ fault: 'refused' });
    expect(performance.now() - started, 'a first contact is not repeated').toBeLessThan(200);
  });

  it('breaks in the middle of an upload: the old file stays', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const connection = await connected(server, { port: between.port });
    const path = join(server.dir, 'target');
    await connection.put(upload(path, Buffer.from('old')));
    between.resetAfter(4_000_000);
    const large = upload(path, randomBytes(20_000_000));
    const message = `minion-1: the connection broke while ${path} was sent`;
    await expect(connection.put(large)).rejects.toMatchObject({ fault: 'lost', message });
    await sleep(500);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(server.dir).filter((name) => name.startsWith('.hw-'))).toEqual([]);
    between.resetAfter(Infinity);
    await connection.connect();
    await connection.put(large);
    expect(sha256(readFileSync(path))).toBe(large.sha256);
  });
});
