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
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)];
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
  {
    ...change('minion-2', 'file:/etc/kubernetes/a.yaml', ['mode', '0600', '0644'], ['sha256', A, B]),
    ...{
      why: 'So that it is so.',
      lines: ['- old: 1', '+ new: 2'],
      disturbs: ['restarts a.service: b waits'],
    },
  } as Event,
  { ...change('minion-2', 'file:/etc/new', ['present', false, true]), why: 'It is new.', lines: [] } as Event,
  {
    ...change('master', 'node:minion-3', ['present', true, false]),
    ...{ why: 'It is no longer in cluster.json.', disturbs: ['moves 2 pods: a/b, c/d', 'ends 1 pod'] },
  } as Event,
  change('minion-2', 'file:/etc/binary', ['sha256', A, B]),
  { type: 'effect', machine: 'master', phase: 'etcd', what: 'an upload', done: true },
  { type: 'described', keys: [{ key: 'name', was: 'a', is: 'b' }] },
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
  // In the next pass.
  { type: 'deferred', phase: 'addons', reason: 'the API server to be ready: it is down', awaiting: [] },
  {
    type: 'failure',
    message: 'master: service:etcd.service failed (exit 1)',
    evidence: ['line one', ' ', '  indented'],
    remedy: 'Run again.',
  },
  { type: 'failure', message: 'no remedy is known', evidence: [] },
  { type: 'verdict', exitCode: 1, text: 'failed after 5 changes in 3.2 s', changes: 5, seconds: 3.2 },
];

function transcript(options: {
  colour?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  plan?: boolean;
}): string {
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
      'plan.txt': transcript({ plan: true }),
      'quiet.txt': transcript({ quiet: true }),
      'verbose.txt': transcript({ verbose: true }),
    });
  });

  it('has no escape codes without colour, and the same words with it', () => {
    const coloured = transcript({ colour: true });
    expect(transcript({})).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[31m✗');
    const bare = (text: string): string => text.replaceAll(/\u001b\[\d+m/g, '');
    expect(bare(coloured)).toBe(transcript({}));
    const plan = transcript({ colour: true, plan: true });
    expect(plan).toContain('\u001b[31m               - old: 1');
    expect(plan).toContain('\u001b[32m               + new: 2');
    expect(bare(plan)).toBe(transcript({ plan: true }));
  });

  it('tells how fast a download is', () => {
    const said: string[] = [];
    const report = plainReport({
      write: (text) => void said.push(text),
      colour: false,
      quiet: false,
      verbose: false,
    });
    const total = 64 * 2 ** 20;
    report({
      type: 'progress',
      task: 'download etcd',
      done: total / 2,
      total,
      unit: 'bytes',
      rate: 2.5 * 2 ** 20,
    });
    expect(said).toEqual(['  download etcd: 50 % of 64 MiB, 2.5 MiB/s\n']);
  });

  it('tells no secret', () => {
    expect(transcript({ verbose: true })).not.toContain('p4ssw0rd');
  });

  it('shows what machines say without their control characters', () => {
    let said = '';
    const report = plainReport({
      write: (text) => (said += text),
      colour: true,
      quiet: false,
      verbose: true,
    });
    const text = '\u001b]0;mine\u0007\u001b[2J\u202etxt.exe\ttab';
    report({ type: 'failure', message: text, evidence: [text], remedy: text });
    report({ type: 'note', machine: text, text });
    expect(said).toContain('?]0;mine??[2J?txt.exe\ttab');
    expect(said.replaceAll(/\u001b\[\d+m/g, '')).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}]/u);
  });
});
