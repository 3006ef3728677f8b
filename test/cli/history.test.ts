import { describe, expect, it } from 'vitest';
import { history, tellHistory } from '../../src/cli/history.ts';
import type { Explanation } from '../../src/cli/product.ts';
import type { Difference } from '../../src/report/event.ts';
import type { Entry } from '../../src/state/journal.ts';

const explanation: Explanation = {
  ...{ id: 'service:kubelet.service', phase: 'kubelet', docs: 'https://example.org', why: 'Runs the pods.' },
  keys: ['network.dns.domain', 'nodes'],
};
const change = (run: string, machine: string, resource: string, ...differences: Difference[]): Entry => ({
  ...{ type: 'change', time: `${run}T12:00:01.000Z`, run, phase: 'kubelet' },
  ...{ machine, resource, differences },
});
const described = (run: string, ...keys: [string, string | null, string | null][]): Entry => ({
  ...{ type: 'described', time: run, run, keys: keys.map(([key, was, is]) => ({ key, was, is })) },
});
const made: Difference = { key: 'present', now: false, wanted: true };
const domain: Difference = { key: 'sha256', now: 'a'.repeat(64), wanted: 'b'.repeat(64) };

const journal: Entry[] = [
  change('2026-01-01', 'minion-1', explanation.id, made),
  { type: 'note', text: 'x', time: '2026-01-02', run: '2026-01-02' },
  described(
    '2026-01-02',
    ['network.dns.domain', 'a', 'b'],
    ['network.dns.domains', 'a', 'b'],
    ['nodes.minion-3.address', null, '10.0.0.3'],
    ['nodes.minion-2.address', '10.0.0.2', null],
    ['name', 'x', 'y'],
  ),
  change('2026-01-02', 'minion-1', explanation.id, domain),
  change('2026-01-02', 'minion-2', explanation.id, domain),
  change('2026-01-02', 'minion-1', 'service:etcd.service', domain),
  change('2026-01-03', 'minion-1', explanation.id, { key: 'running', now: false, wanted: true }),
];

describe('the history of a thing', () => {
  const occasions = history(journal, 'minion-1', explanation);

  it('is every change of it on that machine, oldest first', () => {
    expect(occasions.map(({ run }) => run)).toEqual(['2026-01-01', '2026-01-02', '2026-01-03']);
  });

  it('names the keys that differed then and that it follows from, no others', () => {
    expect(occasions.map(({ because }) => because.map(({ key }) => key))).toEqual([
      [],
      ['network.dns.domain', 'nodes.minion-3.address', 'nodes.minion-2.address'],
      [],
    ]);
  });

  it('is told in lines', () => {
    const lines = tellHistory(explanation, occasions).split('\n');
    expect(lines.map((line) => line.replace(/^ {2}2026-01-0(\d) \d\d:\d\d:\d\d/, '  <$1>'))).toEqual([
      'service:kubelet.service',
      '  why       Runs the pods.',
      '  phase     kubelet  https://example.org',
      '  follows   network.dns.domain, nodes',
      '  <1>  made',
      '  <2>  sha256: aaaaaaaaaaaa… → bbbbbbbbbbbb…',
      '      because   network.dns.domain: a → b',
      '      because   nodes.minion-3.address: not set → 10.0.0.3',
      '      because   nodes.minion-2.address: 10.0.0.2 → not set',
      '  <3>  running: false → true',
    ]);
  });

  it('also shows lines of text, what was disturbed, and what was taken away', () => {
    const gone: Entry = {
      ...change('2026-01-04', 'minion-1', explanation.id, { key: 'present', now: true, wanted: false }),
      ...{ lines: ['- old', '+ new'], disturbs: ['restarts kubelet.service'] },
    } as Entry;
    const told = tellHistory(explanation, history([gone], 'minion-1', explanation))
      .split('\n')
      .slice(4);
    expect(told.map((line) => line.trim().replace(/^2026-01-04 \S+ +/, ''))).toEqual([
      ...['taken away', '- old', '+ new', 'restarts kubelet.service'],
    ]);
  });

  it('of a thing without any says so', () => {
    expect(tellHistory({ ...explanation, why: '', keys: [] }, [])).toBe(
      [
        'service:kubelet.service',
        '  phase     kubelet  https://example.org',
        '  follows   no key of cluster.json',
        '  history   no run of this host has changed it',
      ].join('\n'),
    );
  });
});
