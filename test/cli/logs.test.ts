import { describe, expect, it } from 'vitest';
import { readLogs } from '../../src/cli/unit-logs.ts';
import { fakeConnection } from '../../src/connection/fake.ts';
import { sh } from '../../src/connection/quote.ts';
import { registerSecret } from '../../src/report/redact.ts';
import { appendOutput } from '../../src/state/runs.ts';
import { workplace } from './workplace.ts';

const work = workplace();
const podFiles = sh`/pods/"$unit"/*.log`;
const wanted = { units: ['kubelet', 'etcd'], podFiles, lines: 100, since: 600 };
const signal = new AbortController().signal;

async function read(replies: Parameters<typeof fakeConnection>[0], follow = false) {
  const connection = fakeConnection(replies);
  const lines: string[] = [];
  await readLogs('master', connection, wanted, { onLine: (line) => lines.push(line), follow, signal });
  connection.verify();
  return lines;
}

describe('lines of a machine’s units', () => {
  it('are asked for all units together, within time and number', async () => {
    const asked = /for unit in kubelet etcd; do[^]*exec journalctl .* \$units '--lines=100' '--since=-600s'$/;
    expect(await read([{ run: asked, reply: { stdout: 'a\nb\n' } }])).toEqual(['a', 'b']);
  });

  it('are shown without secrets, and without what moves a cursor', async () => {
    registerSecret('swordfish-of-the-logs');
    const stdout = 'a swordfish-of-the-logs\n\u001b[2Jb\n';
    expect(await read([{ run: /journalctl/, reply: { stdout } }])).toEqual(['a [secret]', '?[2Jb']);
  });

  it('go on without a repetition when a day of following is over', async () => {
    const first = { outcome: 'limit', code: 124, ok: false, stdout: 'a\n' } as const;
    const replies = [
      { run: /'--lines=100' '--since=-600s' --follow$/, reply: first },
      {
        run: /'--lines=0' --follow$/,
        reply: { stdout: 'b\n', outcome: 'aborted', ok: false, code: null } as const,
      },
    ];
    expect(await read(replies, true)).toEqual(['a', 'b']);
  });

  it.each([
    [{ code: 44, stderr: 'kubelte\n' }, 'there is no unit kubelte on master'],
    [{ code: 1, stderr: 'no journal\n' }, 'master: its logs cannot be read (ended, exit 1)'],
    [{ outcome: 'lost', code: null, stderr: 'no answer for 12 s\n' } as const, 'while its logs were read'],
  ])('cannot be read: %j', async (reply, message) => {
    await expect(read([{ run: /journalctl/, reply }])).rejects.toThrow(message);
  });
});

describe('hardway logs', () => {
  it.each([
    ['minion-9', 'there is no machine minion-9 in test'],
    ['minon-1', 'Did you mean minion-1?'],
    ['master --since 10x', '--since 10x is no length of time; write 10m, 2h or 1d'],
    ['master --lines many', '--lines many is no number'],
    ['master a;b', '"a;b" is no name of a unit'],
    ['master kubelet --run', '--run and a unit do not go together'],
    ['master --run --follow', '--run and --follow do not go together'],
    ['master --run', 'no command of a run has written anything on master yet'],
  ])('%s', async (line, message) => {
    const { code, err } = await work.run('logs', ...line.split(' '));
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('--run shows what the last run’s commands wrote there', async () => {
    const { state } = work.session();
    const put = (run: string, machine: string, text: string) =>
      appendOutput(state, run, { machine, phase: 'etcd', text });
    await put('2026-01-01T00:00:00.000Z', 'minion-1', 'before');
    await put('2026-01-02T00:00:00.000Z', 'minion-1', 'first');
    await put('2026-01-02T00:00:00.000Z', 'minion-1', 'second');
    await put('2026-01-03T00:00:00.000Z', 'master', 'other');
    const { code, out } = await work.run('logs', 'minion-1', '--run');
    expect(code).toBe(0);
    expect(out).toMatch(/^== \S+ etcd\nfirst\n== \S+ etcd\nsecond\n$/);
  });
});
