import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/report/event.ts';
import { live } from '../../src/report/live.ts';
import { registerSecret } from '../../src/report/redact.ts';
import { screen } from '../../src/report/screen.ts';
import { FakeTerminal } from '../fixtures/terminal.ts';

function watching(columns = 80, rows = 24, colour = false) {
  const terminal = new FakeTerminal(columns);
  let now = 0;
  const write = (text: string): void => terminal.write(text);
  const painter = live({
    screen: screen({ write, columns: () => columns, rows: () => rows }),
    ...{ colour, now: () => now },
  });
  return {
    tell: (...events: Event[]) => events.forEach((event) => painter.take(event)),
    /** What is seen so many seconds after the beginning. */
    at(seconds: number): string[] {
      now = seconds * 1000;
      painter.paint();
      return terminal.text();
    },
  };
}

const names = ['master', 'minion-1'];
const start: Event = { type: 'start', verb: 'up', cluster: 'lab', machines: 2, names };
const phase: Event = { type: 'phase', phase: 'etcd', title: 'Start the database' };
const change = (machine: string): Event => ({
  ...{ type: 'change', machine, phase: 'etcd', resource: 'file:/a', differences: [] },
});
const effect = (machine: string, what: string, done: boolean): Event => ({
  ...{ type: 'effect', machine, phase: 'etcd', what, done },
});
const upload = (done: number): Event => ({
  ...{
    type: 'progress',
    task: 'minion-1: /usr/bin/x',
    done,
    total: 4 * 2 ** 20,
    unit: 'bytes',
    rate: 2 ** 20,
  },
});

describe('what is under way', () => {
  it('is a line for the run and one for each machine', () => {
    const { tell, at } = watching();
    tell(start);
    expect(at(0)).toEqual(['⠋ up lab 0 s', '  · master', '  · minion-1']);
    tell(phase, change('master'), change('master'), effect('master', 'file:/a', false));
    tell(effect('minion-1', 'file:/a user:b service:c', false));
    expect(at(3)).toEqual([
      '⠋ up lab: Start the database 3 s',
      '  ⠋ master     changing file:/a 3 s',
      '  ⠋ minion-1   changing file:/a and 2 more 3 s',
    ]);
    tell(effect('master', 'file:/a', true));
    expect(at(4)).toContain('  ✓ master     2 changes, last in etcd');
  });

  it('says what is awaited and for how long, and changes all the time', () => {
    const { tell, at } = watching();
    tell(start, phase, { type: 'wait', machine: 'master', what: 'etcd to have a quorum' });
    const seen = new Set(Array.from({ length: 50 }, (_, tenth) => at(tenth / 10).join('\n')));
    expect(seen.size).toBe(50);
    expect(at(5)).toContain('  ⠋ master     waiting for etcd to have a quorum 5 s');
    tell({ type: 'met', machine: 'master', what: 'etcd to have a quorum', seconds: 5 });
    expect(at(6)).toContain('  · master');
  });

  it('shows uploads, downloads and builds as bars until they end', () => {
    const { tell, at } = watching();
    tell(start, upload(2 ** 20));
    tell({ type: 'progress', task: 'build etcd', done: 30, total: 40, unit: 'steps' });
    tell({ type: 'progress', task: 'pack the box', done: 0, total: 0, unit: 'steps' });
    expect(at(2).slice(3)).toEqual([
      '  ⠋ █████░░░░░░░░░░░░░░░ minion-1: /usr/bin/x 1.0 of 4.0 MiB, 1.0 MiB/s 2 s',
      '  ⠋ ███████████████░░░░░ build etcd 30 of 40 2 s',
      '  ⠋ pack the box 2 s',
    ]);
    tell(upload(4 * 2 ** 20));
    tell({ type: 'progress', task: 'build etcd', done: 40, total: 40, unit: 'steps' });
    tell({ type: 'progress', task: 'pack the box', done: 1, total: 1, unit: 'steps' });
    expect(at(3)).toHaveLength(3);
  });

  it('forgets what failed when the next phase begins, and everything at the verdict', () => {
    const { tell, at } = watching();
    tell(start, phase, effect('master', 'file:/a', false), upload(1));
    tell({ ...phase, title: 'Join the nodes' });
    expect(at(1)).toEqual(['⠋ up lab: Join the nodes 1 s', '  · master', '  · minion-1']);
    tell({ type: 'verdict', exitCode: 0, text: 'done', changes: 0, seconds: 1 });
    expect(at(2)).toEqual(['']);
  });

  it('is seen where not all machines fit: those that do something come first', () => {
    const { tell, at } = watching(80, 6);
    const many = Array.from({ length: 50 }, (_, index) => `minion-${index}`);
    tell({ ...start, names: many }, effect('minion-42', 'file:/a', false));
    expect(at(0)).toEqual([
      '⠋ up lab 0 s',
      '  ⠋ minion-42  changing file:/a 0 s',
      '  · minion-0',
      '  · minion-1',
    ]);
  });

  it('holds no secret and nothing that could steer the terminal', () => {
    const { tell, at } = watching();
    registerSecret('hunter2-hunter2');
    tell(start, effect('master', 'file:/hunter2-hunter2', false));
    tell({ type: 'wait', machine: 'minion-1', what: 'x\u001b[2Jy to be' });
    expect(at(0).slice(1)).toEqual([
      '  ⠋ master     changing file:/[secret] 0 s',
      '  ⠋ minion-1   waiting for x?[2Jy to be 0 s',
    ]);
  });
});
