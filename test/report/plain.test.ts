import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/report/event.ts';
import { plainReport } from '../../src/report/plain.ts';
import { registerSecret } from '../../src/report/redact.ts';
import { expectGolden } from '../golden/golden.ts';

const change = (
  machine: string,
  resource: string,
  ...differences: [string, string | boolean | null, string | boolean][]
): Event => ({
  ...{ type: 'change', phase: 'etcd', machine, resource },
  differences: differences.map(([key, now, wanted]) => ({ key, now, wanted })),
});
const upload = (done: number, total: number): Event => ({
  ...{ type: 'progress', task: 'minion-1: /usr/local/bin/kubelet', done, total, unit: 'bytes' },
});
const MiB = 1024 * 1024;

/** One run with everything that can be told. */
const run: Event[] = [
  { type: 'start', verb: 'up', cluster: 'lab', machines: 3 },
  { type: 'note', text: 'cgroup v1: the kubelet is told to accept it (minion-1)' },
  { type: 'note', machine: 'master', text: 'a note about one machine' },
  { type: 'phase', phase: 'etcd', title: 'Start the database' },
  change('master', 'file:/etc/etcd/pki/ca.crt', ['present', false, true]),
  {
    ...change('master', 'user:etcd', ['present', false, true]),
    why: 'The database runs without root.',
  } as Event,
  change('minion-1', 'file:/etc/x', ['mode', '0600', '0644'], ['owner', 'a:a', 'root:root']),
  change('minion-1', 'file:/etc/old', ['present', true, false]),
  change('minion-1', 'file:/etc/token', ['sha256', '(secret)', '(another secret)']),
  change('a-machine-with-a-long-name', 'service:etcd.service', ['running', false, true]),
  ...[0, 5, 9, 10, 50, 99, 100].map((done) => upload(done * MiB, 100 * MiB)),
  upload(31 * MiB, 31 * MiB),
  { type: 'progress', task: 'compiling etcd', done: 1, total: 3, unit: 'steps' },
  { type: 'progress', task: 'compiling etcd', done: 3, total: 3, unit: 'steps' },
  { type: 'wait', machine: 'master', what: 'etcd to have a quorum' },
  { type: 'met', machine: 'master', what: 'etcd to have a quorum', seconds: 1.26 },
  { type: 'met', machine: 'minion-1', what: 'containerd to answer', seconds: 0.49 },
  { type: 'warning', text: 'the token is p4ssw0rd-of-the-cluster', machine: 'master' },
  { type: 'warning', text: 'a warning about everything' },
  { type: 'deferred', phase: 'addons', reason: 'the API server to be ready: it is down', awaiting: [] },
  {
    type: 'deferred',
    phase: 'kubelet',
    reason: 'not all of its machines are there',
    awaiting: ['minion-1', 'minion-2'],
  },
  {
    type: 'failure',
    message: 'master: service:etcd.service failed (exit 1)',
    evidence: ['line one', ' ', '  indented'],
    remedy: 'Run again.',
  },
  { type: 'failure', message: 'no remedy is known', evidence: [] },
  { type: 'verdict', exitCode: 1, text: 'failed after 5 changes in 3.2 s', changes: 5, seconds: 3.2 },
];

function transcript(options: { colour?: boolean; quiet?: boolean; verbose?: boolean }): string {
  let text = '';
  const report = plainReport({
    ...{ colour: false, quiet: false, verbose: false, ...options },
    write: (more) => (text += more),
  });
  run.forEach(report);
  return text;
}

registerSecret('p4ssw0rd-of-the-cluster');

describe('the plain report', () => {
  it('of a run reads as in test/golden/report', () => {
    expectGolden('report', {
      'plain.txt': transcript({}),
      'quiet.txt': transcript({ quiet: true }),
      'verbose.txt': transcript({ verbose: true }),
    });
  });

  it('has no escape codes without colour, and the same words with it', () => {
    const coloured = transcript({ colour: true });
    expect(transcript({})).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[31m✗');
    expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(transcript({}));
  });

  it('tells no secret', () => {
    expect(transcript({ verbose: true })).not.toContain('p4ssw0rd');
  });
});
