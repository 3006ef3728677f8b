import { beforeAll, describe, expect, it } from 'vitest';
import { type Authority, newAuthority } from '../../src/pki/authority.ts';
import { newKeySync, publicHalf } from '../../src/pki/keys.ts';
import type { Renewal } from '../../src/pki/renewal.ts';
import { identityProblem } from '../../provisioners/kubelet-identity.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';

const MINUTE = 1 / 24 / 60;
let ca: Authority;
let other: Authority;
beforeAll(async () => {
  [ca, other] = await Promise.all([
    newAuthority({ commonName: 'kubernetes', days: 10 }),
    newAuthority({ commonName: 'kubernetes', days: 10 }),
  ]);
});

const issued = (authority: Authority, days: number): string =>
  authority
    .issue({
      publicKey: publicHalf(newKeySync()),
      commonName: 'system:node:minion-1',
      organizations: ['system:nodes'],
      usages: ['client'],
      days,
    })
    .certificatePem.replaceAll(/-----[^-]+-----/g, '');

const problem = (printed: string, renewal?: Renewal): string | null =>
  identityProblem(printed, 'minion-1', 'client', { authority: () => ca, renewal } as unknown as ClusterPki);

describe('a kubelet’s certificate', () => {
  it('will do while its authority is the present one and its life is not over', () => {
    expect(problem(issued(ca, 1))).toBeNull();
    expect(problem(issued(ca, 2 * MINUTE))).toBeNull();
  });

  it('will not do otherwise', () => {
    expect(problem('')).toBe('there is none');
    expect(problem(issued(other, 1))).toBe('it is not signed by the present authority');
    // Five minutes of each are past already: notBefore is dated back.
    expect(problem(issued(ca, MINUTE / 4))).toBe('it is about to expire');
  });

  it('is renewed when that is asked for, once', () => {
    const names = new Set(['minion-1/kubelet-client']);
    expect(problem(issued(ca, 1), { names, since: Date.now() + 60_000 })).toBe('it is to be renewed');
    expect(problem(issued(ca, 1), { names, since: Date.now() - 1000 })).toBeNull();
    expect(
      problem(issued(ca, 1), { names: new Set(['minion-2/kubelet-client']), since: Date.now() + 60_000 }),
    ).toBeNull();
  });
});
