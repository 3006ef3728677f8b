import { describe, expect, it } from 'vitest';
import { table } from '../../../provisioners/cis/security.ts';
import { hardened, inDocument, judged, type Machine, silent, type Spoil, swapped } from './sample.ts';
import { API, api, spoils } from './spoils.ts';

const idsOf = (machine: Machine, is: string, spoil: Spoil | null): string[] => [
  ...new Set(
    judged(machine, spoil)
      .filter((one) => one.is === is)
      .map(({ id }) => id),
  ),
];

describe('the table of the CIS benchmark', () => {
  it('finds nothing wrong on hardened machines', () => {
    expect([idsOf('master', 'wrong', null), idsOf('minion-1', 'wrong', null)]).toEqual([[], []]);
  });

  it.each(spoils)('%s on %s', (id, machine, spoil) => {
    const found = judged(machine, spoil).filter((one) => one.id === id && one.is === 'wrong');
    expect(found.length).toBeGreaterThan(0);
    for (const { remedy, found: seen } of found) expect([remedy, seen]).not.toContain('');
  });

  it('has a way to break each row, but for exceptions', () => {
    const exceptions = idsOf('master', 'excepted', null);
    const broken = new Set<string>(spoils.map(([id]) => id));
    expect(table.map(({ id }) => id).filter((id) => !broken.has(id) && !exceptions.includes(id))).toEqual([]);
  });

  it('names every exception with its reason', () => {
    const excepted = judged('master', null).filter(({ is }) => is === 'excepted');
    expect(excepted.map(({ id }) => id)).toEqual([
      ...['CIS 1.1.9', 'CIS 1.2.11', 'ours: kernel', 'CIS 3.1.1-3', 'CIS 5.3.1-2', 'CIS 5.4.1-2'],
    ]);
    for (const { reason = '' } of excepted) expect(reason.length).toBeGreaterThan(20);
  });

  it('has each row of the benchmark once, and at least the 64 that an auditor’s program looks at', () => {
    const ids = table.map(({ id }) => id).filter((id) => id.startsWith('CIS'));
    expect(ids).toHaveLength(new Set(ids).size);
    expect(ids.length).toBeGreaterThan(90);
  });

  it('a machine that says nothing is not well', () => {
    for (const machine of ['master', 'minion-1'] as const)
      expect(judged(machine, () => '').filter(({ is }) => is === 'wrong').length).toBeGreaterThan(10);
  });

  it('asks each kubelet, and one that does not answer is wrong', () => {
    const found = judged('master', silent('kubelet=minion-1')).filter(({ is }) => is === 'wrong');
    expect(new Set(found.map(({ machine, found: seen }) => `${machine}: ${seen}`))).toEqual(
      new Set(['minion-1: its kubelet did not answer']),
    );
  });
});

describe('the remedy', () => {
  const remedies = (id: string, spoil: Spoil, cluster = hardened): (string | undefined)[] =>
    judged('master', spoil, cluster)
      .filter((one) => one.id === id && one.is === 'wrong')
      .map(({ remedy }) => remedy);
  const { security, controlPlane } = hardened;

  it('is a run where cluster.json is right already', () => {
    expect(remedies('CIS 1.2.15', api('--profiling=true'))).toEqual(['hardway up']);
    expect(remedies('CIS 1.2.9', swapped(',EventRateLimit', ''))).toEqual(['hardway up']);
  });

  it('is the profile where the lab is spared it', () => {
    const lab = { ...hardened, security: { ...security, profile: 'lab' as const } };
    expect(remedies('CIS 1.2.9', swapped(',EventRateLimit', ''), lab)).toEqual(['security.profile']);
    expect(remedies('CIS 1.2.15', api('--profiling=true'), lab)).toEqual(['hardway up']);
  });

  it('is the key whose value is too small, or the flag that cluster.json itself gives', () => {
    const little = { ...hardened, security: { ...security, audit: { days: 7, megabytes: 1, files: 10 } } };
    expect(remedies('CIS 1.2.17', api('--audit-log-maxage=7'), little)).toEqual(['security.audit.days']);
    expect(remedies('CIS 1.2.18', api('--audit-log-maxbackup=3'), little)).toEqual(['hardway up']);
    const extraArgs = { [API]: { profiling: 'true' } };
    const own = { ...hardened, controlPlane: { ...controlPlane, extraArgs } };
    expect(remedies('CIS 1.2.15', api('--profiling=true'), own)).toEqual([
      'controlPlane.extraArgs.kube-apiserver.profiling',
    ]);
    const open = { ...hardened, security: { ...security, podSecurity: 'privileged' as const } };
    const spoil = inDocument('/etc/kubernetes/admission.yaml', 'enforce: baseline', 'enforce: privileged');
    expect(remedies('CIS 5.2', spoil, open)).toEqual(['security.podSecurity']);
  });
});
