import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../fixtures/command-line.ts';
import { sshd } from '../fixtures/ssh-harness.ts';
import { whyNoSshd } from '../fixtures/sshd.ts';
import { FakeTerminal } from '../fixtures/terminal.ts';
import { unable } from '../fixtures/unable.ts';
import { strangers } from '../report/published.ts';

const obstacle = unable('the command on a terminal', whyNoSshd());
const size = { columns: 60, rows: 20 };
/** What marks a block that is painted anew. */
const PAINTED = '\u001b[?2026h';

const shown = (output: string): string[] => {
  const terminal = new FakeTerminal(size.columns);
  terminal.write(output);
  return terminal.text();
};
/** Times differ from run to run. */
const timeless = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replaceAll(/\d+\.\d s/g, 'T s'));

/** `hardway up`, the whole command on a real pseudo terminal against a real sshd. */
describe.skipIf(obstacle)('hardway up', () => {
  const workplace = commandLine();
  const slowly = [{ name: 'one', seconds: 2 }, { name: 'two' }];

  it('on a terminal shows what is under way, and leaves exactly what it would say elsewhere', async () => {
    const place = workplace([await sshd()], slowly);
    const up = place.onTerminal(size, 'up');
    await up.says(/changing task:one 1 s/);
    const { code, output } = await up.ended;
    expect(code, output).toBe(0);
    expect(output.split(PAINTED).length).toBeGreaterThan(15);
    const whole = shown(output);
    const elsewhere = await workplace([await sshd()], slowly).start('up').ended;
    expect(elsewhere.output).not.toContain('\u001b');
    expect(timeless(whole)).toEqual(timeless(elsewhere.output.trimEnd().split('\n')));
  });

  it.each([
    ['a dumb terminal', { TERM: 'dumb' }, []],
    ['CI', { CI: 'true' }, []],
    ['--quiet', {}, ['--quiet']],
  ])('for %s paints nothing', async (_, env, args) => {
    const place = workplace([await sshd()], [{ name: 'one', seconds: 0.3 }]);
    const { code, output } = await place.onTerminal({ ...size, env }, 'up', ...args).ended;
    expect(code, output).toBe(0);
    expect(output).not.toContain('\u001b');
  });

  it('for programs writes events as they are published', async () => {
    const place = workplace([await sshd()], [{ name: 'one', seconds: 0.3 }]);
    const { code, output } = await place.onTerminal(size, 'up', '--json').ended;
    expect(code, output).toBe(0);
    expect(strangers(output)).toEqual([]);
    expect(output).toContain('"type":"change"');
  });

  it('colours unless NO_COLOR says otherwise', async () => {
    const place = workplace([await sshd()], [{ name: 'one' }]);
    const coloured = await place.onTerminal({ ...size, env: { NO_COLOR: undefined } }, 'up').ended;
    expect(coloured.output).toContain('\u001b[1m');
    const plain = await place.onTerminal(size, 'up').ended;
    expect(plain.output).not.toMatch(/\u001b\[[0-9;]*m/);
  });

  it('told to stop says so whole, above what is under way, and leaves nothing half painted', async () => {
    const place = workplace([await sshd()], slowly);
    const up = place.onTerminal(size, 'up');
    await up.says(/changing task:one/);
    await sleep(300);
    up.process.stdin?.write('\u0003');
    const { code, output } = await up.ended;
    expect(code).toBe(1);
    expect(timeless(shown(output)).slice(-3)).toEqual([
      '  master     ~ task:one (there)',
      '! stopping after the step in hand; once more to stop now',
      'stopped after 1 change in T s; run again to go on',
    ]);
  });
});
