import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFiles } from '../../src/connection/bundle.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { refuseWithoutRoom } from '../../src/engine/room.ts';
import { MachineError } from '../../src/errors.ts';
import { connected, proxy, sshd } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';
import { upload } from './connection.ts';

const obstacle = unable('disks of machines', whyNoSshd());
const small = (path: string, text = 'new') => upload(path, Buffer.from(text));

/** A machine with a file system of its own, 2 MB, at `disk`. */
async function machine() {
  const server = await sshd({ prepare: 'mkdir disk; mount -t tmpfs -o size=2m tmpfs disk' });
  const connection = await connected(server);
  return { connection, at: (name: string) => join(server.dir, 'disk', name) };
}

const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as Error,
  );

describe.skipIf(obstacle)('what cannot be written', () => {
  it('is told before anything large is sent: place, bytes free, bytes needed, and for what', async () => {
    const { connection, at } = await machine();
    const cargo = [
      { path: at('bin/kubelet'), size: 1_500_000 },
      { path: at('bin/kube-proxy'), size: 1_000_000 },
    ];
    const error = await failure(refuseWithoutRoom('minion-1', connection, cargo));
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toBe(
      `minion-1: no space below ${at('')}: 2 MiB free, 3 MiB needed (kubelet, kube-proxy)`,
    );
    await refuseWithoutRoom('minion-1', connection, cargo.slice(1));
    await refuseWithoutRoom('minion-1', connection, [{ path: '/new-folder/x', size: 1 }]);
    expect((await connection.run(sh`ls ${at('')}`)).stdout).toBe('');
  });

  it('because its file system is read-only names the mount', async () => {
    const { connection, at } = await machine();
    await connection.put(small(at('old'), 'old'));
    await connection.run(sh`mount -o remount,ro ${at('')}`);
    const sentence = `cannot write ${at('old')}: ${at('')} is mounted read-only`;
    expect((await failure(connection.put(small(at('old'))))).message).toBe(`minion-1: ${sentence}`);
    const script = await connection.run(
      sh`${verbatim(writeFiles([small(at('old')), small(at('b'))]))}echo on`,
    );
    expect(script).toMatchObject({ code: 1, stdout: '', stderr: `${sentence}\n` });
    const below = await connection.run(sh`${verbatim(writeFiles([small(at('new/deep/file'))]))}`);
    expect(below.stderr).toBe(`cannot write ${at('new/deep/file')}: ${at('')} is mounted read-only\n`);
  });

  it.each([
    ['i', 'immutable'],
    ['a', 'append-only'],
  ])('because of the attribute %s names it, and no file of the stage is changed', async (flag, word) => {
    const { connection, at } = await machine();
    for (const name of ['a', 'b', 'c']) await connection.put(small(at(name), 'old'));
    const { ok } = await connection.run(sh`chattr +${flag} ${at('b')}`);
    expect(ok, 'tmpfs knows attributes since Linux 6.6').toBe(true);
    const all = ['a', 'b', 'c'].map((name) => small(at(name)));
    const { code, stderr } = await connection.run(writeFiles(all));
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `cannot write ${at('b')}: it is ${word} (chattr -${flag} ends that)\n`,
    });
    expect((await connection.run(sh`cd ${at('')}; cat a b c; ls -A`)).stdout).toBe('oldoldolda\nb\nc\n');
    expect((await failure(connection.put(small(at('b'))))).message).toContain(`b: it is ${word}`);

    await connection.run(sh`chattr -${flag} ${at('b')}; chattr +i ${at('')}`);
    expect((await failure(connection.put(small(at('b'))))).message).toContain(
      `cannot write ${at('')}: it is immutable (chattr -i ends that)`,
    );
    await connection.run(sh`chattr -i ${at('')}`);
    expect((await connection.run(writeFiles(all))).ok).toBe(true);
  });
});

describe.skipIf(obstacle)('a file that is being written', () => {
  it('is seen old or new, never half, however slow its writer is', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const [writer, reader] = [await connected(server, { port: between.port }), await connected(server)];
    const path = join(server.dir, 'manifests/etcd.yaml');
    const versions = [1, 2, 3].map(() => upload(path, randomBytes(400_000)));
    await writer.put(versions[0]!);
    between.delay(100);
    const seen = new Set<string>();
    const watch = sh`cd ${join(server.dir, 'manifests')}; while [ ! -e stop ]; do sha256sum <etcd.yaml; echo *; done`;
    const watching = reader.run(watch, { onLine: (line) => seen.add(line) });
    for (const version of versions.slice(1)) await writer.put(version);
    await writer.run(sh`touch ${join(server.dir, 'manifests/stop')}`);
    await watching;
    // The kubelet and systemd look at no name that begins with a dot; neither does the *.
    seen.delete('etcd.yaml stop');
    expect([...seen].sort()).toEqual([...versions.map((one) => `${one.sha256}  -`), 'etcd.yaml'].sort());
  });

  it('and was left behind by a machine that went down is cleared away; what others write is not', async () => {
    const { connection, at } = await machine();
    const dead = '.hw-file.999999999';
    // Process 1 lives and writes nothing: the number was a writer's before the machine went down.
    const begun = await connection.run(
      sh`cd ${at('')}; sh -c 'sleep 20; true' >/dev/null 2>&1 & touch ${dead} .hw-file.1 .hw-file.$! .hw-file.backup .hw-other.999999999; echo $!`,
    );
    await connection.put(small(at('file')));
    expect((await connection.run(sh`ls -A ${at('')}`)).stdout.trim().split('\n').toSorted()).toEqual(
      [`.hw-file.${begun.stdout.trim()}`, '.hw-file.backup', '.hw-other.999999999', 'file'].toSorted(),
    );
  });
});
