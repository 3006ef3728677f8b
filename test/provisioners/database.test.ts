import { describe, expect, it } from 'vitest';
import { refuseLostDatabase } from '../../provisioners/database.ts';
import { parseFacts } from '../../provisioners/facts.ts';
import { joinedFor } from './lasting.ts';
import { cluster, factsOf } from './machines.ts';

describe('a database that is gone', () => {
  const check = (lines: Readonly<Record<string, string>>): void =>
    refuseLostDatabase(
      cluster,
      new Map(
        Object.entries(lines).map(([name, line]) => [name, parseFacts(factsOf('vm-cgroup-v2', name, line))]),
      ),
    );

  it.each([
    ['nothing has joined yet', { master: '', 'minion-1': '' }],
    ['it is there', { master: `etcd=data\n${joinedFor(300)}`, 'minion-1': joinedFor(300) }],
    ['its machine is not there', { 'minion-1': joinedFor(300) }],
  ])('is none when %s', (_, lines) => {
    expect(() => check(lines)).not.toThrow();
  });

  it.each([
    ['minions', { master: '', 'minion-1': joinedFor(300), 'minion-2': joinedFor(-3) }, 'minion-1, minion-2'],
    ['its own kubelet', { master: joinedFor(300), 'minion-1': '' }, 'master'],
  ])('is not begun anew while %s joined through it', (_, lines, who) => {
    expect(() => check(lines)).toThrow(
      expect.objectContaining({
        message: 'master: its etcd database is gone, but the cluster was up already',
        evidence: expect.arrayContaining([
          `/var/lib/etcd holds no data; joined through it: ${who}`,
        ]) as string[],
      }) as Error,
    );
  });
});
