import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startProxy, type TcpProxy } from '../fixtures/tcp-proxy.ts';
import { complaint, engine, type Moment, type Run, type Running } from '../kill/engine.ts';
import { plugOut, turnOn } from '../kill/power.ts';
import { bringUp } from './support/bring-up.ts';
import { mainLab } from './support/main-lab.ts';

/** A run is cut short in every way there is: somebody is told what and where, and the next run finds its way. */
describe('an interrupted run', () => {
  const lab = mainLab();
  const lock = join(lab.folder, '.hardway', 'lock');
  const journal = join(lab.folder, '.hardway', 'journal.ndjson');

  beforeAll(async () => {
    await bringUp(lab);
  });
  afterEach(async () => {
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
    expect(await leftovers('minion-1')).toBe('');
    expect(existsSync(lock)).toBe(false);
  });

  const leftovers = async (machine: string): Promise<string> =>
    (await lab.on(machine, "find /etc /usr/local /opt /var/lib/hardway /var/lib/kube-proxy -name '.hw-*'"))
      .stdout;
  const warnings = ({ events }: Run): string =>
    events.flatMap((event) => (event.type === 'warning' ? [event.text] : [])).join('\n');

  /** A step of two seconds: the proxy is down and starts slowly. */
  const slowStep = (machine: string) =>
    lab.on(
      machine,
      `mkdir -p /run/systemd/system/kube-proxy.service.d
printf '[Service]\\nExecStartPre=/bin/sleep 2\\n' > /run/systemd/system/kube-proxy.service.d/slow.conf
systemctl daemon-reload; systemctl stop kube-proxy`,
    );
  const quickAgain = (machine: string) =>
    lab.on(machine, 'rm -r /run/systemd/system/kube-proxy.service.d; systemctl daemon-reload');
  /** One in the phase before that step, one after it on the same machine. */
  const isSlowStep = (moment: Moment | null, machine: string): boolean =>
    moment !== null && moment.effect.machine === machine && moment.effect.what.includes('kube-proxy.service');

  /** Calls `act` once, before the change of that machine's slow step. */
  const during =
    (machine: string, act: (running: Running) => void) =>
    (_: unknown, moment: Moment | null, running: Running): void => {
      if (moment?.when === 'before' && isSlowStep(moment, machine)) act(running);
    };

  describe('whose connection breaks', () => {
    const file = join(lab.folder, '.hardway', 'inventory', 'minion-1.json');

    /** The same run, with minion-1 reached through a proxy. */
    async function through(work: (proxy: TcpProxy) => Promise<Run>): Promise<Run> {
      const direct = readFileSync(file, 'utf8');
      const machine = JSON.parse(direct) as { host: string; port: number };
      const proxy = await startProxy(machine.port, machine.host);
      try {
        writeFileSync(file, JSON.stringify({ ...machine, host: '127.0.0.1', port: proxy.port }));
        return await work(proxy);
      } finally {
        writeFileSync(file, direct);
        await proxy.stop();
      }
    }

    it('in the middle of an upload: no half file, and it is sent again', async () => {
      const program = '/usr/local/bin/flanneld';
      await lab.on('minion-1', `rm ${program}`);
      const run = await through((proxy) =>
        engine(lab, ['up'], (_, moment) => {
          if (moment?.when === 'before' && moment.effect.what === program && moment.effect.nth === 1)
            proxy.resetAfter(3_000_000);
        }),
      );
      expect(warnings(run)).toMatch(/unknown: minion-1: .*broke while \/usr\/local\/bin\/flanneld was sent/);
      expect(run.code, complaint(run)).toBe(0);
    });

    it('in the middle of a change: nobody takes it for success or failure, it is looked at again', async () => {
      await slowStep('minion-1');
      const run = await through((proxy) =>
        engine(
          lab,
          ['up'],
          during('minion-1', () => void setTimeout(() => proxy.reset(), 1000)),
        ),
      );
      await quickAgain('minion-1');
      expect(warnings(run)).toMatch(/unknown: minion-1: .*broke.* while it was being changed/);
      expect(run.code, complaint(run)).toBe(0);
    });
  });

  it('by the power of a machine: it is named, and when it is back all is well', async () => {
    await slowStep('minion-1');
    let stopped = Promise.resolve();
    const run = await engine(
      lab,
      ['up'],
      during('minion-1', () => (stopped = plugOut(lab, 'minion-1'))),
    );
    await stopped;
    expect([1, 3], complaint(run)).toContain(run.code);
    expect(complaint(run)).toContain('minion-1');
    const without = await lab.hardway('up');
    expect(without.code, without.output).toBe(3);
    expect(without.output).toContain('awaiting minion-1');
    await turnOn(lab, 'minion-1');
  });

  it('by another one: the second waits, says for whom, and both end well', async () => {
    await slowStep('minion-1');
    let second: Promise<Run> | undefined;
    let pid = 0;
    const first = await engine(
      lab,
      ['up'],
      during('minion-1', (running) => {
        pid = running.pid;
        second = engine(lab, ['up']);
      }),
    );
    const other = await second;
    await quickAgain('minion-1');
    expect(first.code, complaint(first)).toBe(0);
    expect(other?.code, other && complaint(other)).toBe(0);
    const notes = other?.events.flatMap((event) => (event.type === 'note' ? [event.text] : [])).join('\n');
    expect(notes).toMatch(
      new RegExp(
        `waiting for another run \\(up, pid ${pid} on \\S+, since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\)`,
      ),
    );
  });

  describe('by Ctrl-C', () => {
    const twoSteps = async (): Promise<void> => {
      await slowStep('minion-1');
      await lab.kubectl(['scale', 'deployment/coredns', '--namespace=kube-system', '--replicas=1']);
    };

    it('finishes the step in hand, begins no other, and says how to go on', async () => {
      await twoSteps();
      const run = await engine(
        lab,
        ['up'],
        during('minion-1', (running) => running.kill('SIGINT')),
      );
      await quickAgain('minion-1');
      expect(run.code).toBe(1);
      expect(complaint(run)).toMatch(/^stopped after 1 change in [\d.]+ s; run again to go on$/);
      expect(warnings(run)).toContain('stopping after the step in hand; once more to stop now');
      expect(run.moments.filter(({ effect }) => effect.phase !== 'operator').map(({ when }) => when)).toEqual(
        ['before', 'after'],
      );
      expect(existsSync(lock)).toBe(false);
    });

    it('twice: ends at once', async () => {
      await twoSteps();
      let asked = 0;
      const run = await engine(
        lab,
        ['up'],
        during('minion-1', (running) => {
          running.kill('SIGINT');
          setTimeout(() => {
            asked = Date.now();
            running.kill('SIGINT');
          }, 300);
        }),
      );
      expect(Date.now() - asked).toBeLessThan(1000);
      expect(run.code).toBe(1);
      expect(run.moments.at(-1)?.when).toBe('before');
      // What was sent goes on; the next run waits for it instead of interleaving.
      const next = await lab.hardway('up');
      await quickAgain('minion-1');
      expect(next.code, next.output).toBe(0);
    });

    it('while it waits for another run: gives up waiting', async () => {
      await slowStep('minion-1');
      let second: Promise<Run> | undefined;
      const first = await engine(
        lab,
        ['up'],
        during('minion-1', () => {
          second = engine(lab, ['up'], (event, _, running) => {
            if (event.type === 'note') running.kill('SIGINT');
          });
        }),
      );
      const other = await second;
      await quickAgain('minion-1');
      expect(first.code, complaint(first)).toBe(0);
      expect(other?.code).toBe(1);
      expect(other?.seconds).toBeLessThan(first.seconds);
      expect(other && complaint(other)).toMatch(/stopped while waiting for another run \(up, pid \d+/);
    });
  });

  it('by closing its terminal: the step in hand is finished', async () => {
    await slowStep('minion-1');
    const before = readFileSync(journal, 'utf8').length;
    const run = await engine(
      lab,
      ['up'],
      during('minion-1', (running) => running.hangUp()),
    );
    await quickAgain('minion-1');
    expect(run.code).toBe(1);
    const kept = readFileSync(journal, 'utf8').slice(before);
    expect(kept).toMatch(/"phase":"proxy".*"done":true/);
    expect(kept).toContain('stopped after 1 change');
  });
});
