import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../fixtures/command-line.ts';
import { proxy, sshd } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';

const obstacle = unable('runs that are disturbed', whyNoSshd());
const slowly = [{ name: 'one', seconds: 1.5 }, { name: 'two' }];

/** `hardway up`, the whole command against a real sshd, disturbed from outside; then once more. */
describe.skipIf(obstacle)('a run', () => {
  const workplace = commandLine();

  it('whose connection is reset in the middle of a change looks again and goes on', async () => {
    const server = await sshd();
    const between = await proxy(server.port);
    const place = workplace([{ port: between.port, key: server.key }], slowly);
    const up = place.start('up');
    await up.says(/Do one/);
    await sleep(300);
    between.reset();
    const { code, output } = await up.ended;
    expect(output).toContain(
      '! unknown: master: the connection broke while it was being changed; looking again',
    );
    expect(code, output).toBe(0);
    // What was cut off went on over there; the second attempt waited for it.
    expect(place.log('master')).toEqual(['one', 'one', 'two']);
    expect((await place.start('plan').ended).code).toBe(0);
  });

  it('outlives its server, and waits for that within reason', async () => {
    const server = await sshd();
    const place = workplace([server], slowly);
    const up = place.start('up');
    await up.says(/Do one/);
    await server.restart(1000);
    const { code, output } = await up.ended;
    expect(output).toContain('looking again');
    expect(code, output).toBe(0);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ended by %s finishes the step in hand, frees the lock and says where it stopped',
    async (signal) => {
      const place = workplace([await sshd()], slowly);
      const up = place.start('up');
      await up.says(/Do one/);
      up.process.kill(signal);
      const { code, output } = await up.ended;
      expect(output).toContain('! stopping after the step in hand; once more to stop now');
      expect(output).toMatch(/^stopped after 1 change in \d\.\d s; run again to go on$/m);
      expect([code, place.log('master')]).toEqual([1, ['one']]);
      expect(existsSync(join(place.folder, '.hardway/lock'))).toBe(false);
      const again = await place.start('up').ended;
      expect([again.code, place.log('master')]).toEqual([0, ['one', 'two']]);
    },
  );

  it('told twice stops at once; what it left running over there ends before the next one changes anything', async () => {
    const place = workplace([await sshd()], slowly);
    const up = place.start('up');
    await up.says(/Do one/);
    up.process.kill('SIGINT');
    await up.says(/once more to stop now/);
    const told = performance.now();
    up.process.kill('SIGINT');
    expect((await up.ended).code).toBe(1);
    expect(performance.now() - told).toBeLessThan(700);
    const again = await place.start('up').ended;
    expect([again.code, [...new Set(place.log('master'))], place.log('master').at(-1)]).toEqual([
      ...[0, ['one', 'two'], 'two'],
    ]);
  });

  it('waits for another one, says for whom, and finds nothing left to do', async () => {
    const place = workplace([await sshd()], slowly);
    const both = [place.start('up'), place.start('up')];
    const [first, second] = await Promise.all(both.map((up) => up.ended));
    expect([first?.code, second?.code]).toEqual([0, 0]);
    const waited = [first, second].filter((one) => one?.output.includes('waiting for'));
    expect(waited).toHaveLength(1);
    const holder = waited[0] === first ? both[1] : both[0];
    expect(waited[0]?.output).toMatch(
      new RegExp(`waiting for another run \\(up, pid ${holder?.process.pid} on ${hostname()}, since \\d{4}-`),
    );
    expect(waited[0]?.output).toContain('done: 0 changes');
    expect(place.log('master')).toEqual(['one', 'two']);
  });

  it('that must not wait ends with exit code 4', async () => {
    const place = workplace([await sshd()], [{ name: 'one', seconds: 20 }]);
    const up = place.start('up');
    await up.says(/Do one/);
    const { code, output } = await place.start('up', '--wait', '0').ended;
    expect(code, output).toBe(4);
    expect(output).toMatch(/✗ another run \(up, pid \d+ on \S+, since \S+Z\) is busy; waited 0 s/);
    up.process.kill('SIGKILL');
  });

  it.each([0, 8])(
    'that has %i KiB for its state says what is full, and converges when it is not',
    async (kib) => {
      const place = workplace([await sshd()], [{ name: 'one' }]);
      const state = join(place.folder, '.hardway');
      mkdirSync(state);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', state]);
      try {
        writeFileSync(join(state, 'filler'), Buffer.alloc((64 - kib) * 1024));
        const { code, output } = await place.start('up').ended;
        expect(code, output).toBe(1);
        expect(output).toMatch(
          /^✗ no space left for \S+\/\.hardway\/\S+: (\d+ bytes needed, )?0 free on this computer$/m,
        );
        expect(output).not.toMatch(/ENOSPC|fault of Hardway| at /);
        expect(readdirSync(state).filter((name) => /^lock|^\.\w+\.[0-9a-f]{12}$/.test(name))).toEqual([]);
        rmSync(join(state, 'filler'));
        expect((await place.start('up').ended).code).toBe(0);
        expect(readFileSync(join(state, '.gitignore'), 'utf8')).toBe('*\n');
      } finally {
        execFileSync('umount', [state]);
      }
    },
  );

  it('tells that its state was open to others, and closes it', async () => {
    const place = workplace([await sshd()], [{ name: 'one' }]);
    const file = join(place.folder, '.hardway/cluster-token');
    expect((await place.start('up').ended).code).toBe(0);
    chmodSync(file, 0o644);
    const { code, output } = await place.start('up').ended;
    expect(code).toBe(0);
    expect(output).toContain(`! ${file} was open to others on this computer; it is closed again`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('says the same in every locale', async () => {
    const place = workplace([await sshd()], [{ name: 'one' }]);
    const said = new Set<string>();
    const before = process.env['LC_ALL'];
    for (const locale of ['C', 'tr_TR.UTF-8', 'ja_JP.eucJP']) {
      process.env['LC_ALL'] = locale;
      const { code, output } = await place.start('plan', '--verbose').ended;
      expect(code, output).toBe(2);
      said.add(output);
    }
    if (before === undefined) delete process.env['LC_ALL'];
    else process.env['LC_ALL'] = before;
    expect([...said]).toHaveLength(1);
  });

  it('with little memory streams what is large', async () => {
    const server = await sshd();
    const large = { file: join(server.dir, 'large'), size: 100_000_000, sha256: '' };
    writeFileSync(large.file, '');
    truncateSync(large.file, large.size);
    large.sha256 = execFileSync('sha256sum', [large.file], { encoding: 'utf8' }).slice(0, 64);
    const place = workplace([server], [{ name: 'one', large }]);
    const before = process.env['NODE_OPTIONS'];
    process.env['NODE_OPTIONS'] = '--max-old-space-size=40';
    const { code, output } = await place.start('up').ended;
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    expect(code, output).toBe(0);
    expect(statSync(join(place.folder, 'made/master/one')).size).toBe(large.size);
  });

  it('goes on without a machine that says nothing, which costs its own time only and once', async () => {
    const server = await sshd();
    const [good, dead] = [await proxy(server.port), await proxy(server.port)];
    dead.silence();
    const place = workplace(
      [
        { port: good.port, key: server.key },
        { port: dead.port, key: server.key },
      ],
      [{ name: 'one' }],
    );
    const began = performance.now();
    const { code, output } = await place.start('up', '--set', 'timeouts.connect=12').ended;
    // Waited for twice it would be more.
    expect(performance.now() - began).toBeLessThan(24_000);
    expect([code, place.log('master')], output).toEqual([3, ['one']]);
    expect(output).toMatch(/1 change in .* s; awaiting minion-1$/m);
    dead.stop().catch(() => undefined);
    expect(readFileSync(join(place.folder, '.hardway/journal.ndjson'), 'utf8')).toContain(
      'awaiting minion-1',
    );
  });
});
