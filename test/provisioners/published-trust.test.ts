import { beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/engine/resource.ts';
import { unknown } from '../../src/engine/resource.ts';
import { type Authority, loadAuthority, newAuthority } from '../../src/pki/authority.ts';
import type { ClusterPki } from '../../provisioners/pki.ts';
import { publishedTrust } from '../../provisioners/resources/published-trust.ts';

let old: Authority;
let now: Authority;
let front: Authority;
beforeAll(async () => {
  const make = (commonName: string) => newAuthority({ commonName, days: 10 });
  [old, now, front] = await Promise.all([make('kubernetes'), make('kubernetes'), make('front-proxy-ca')]);
});

/** What is known when the API server publishes these while `ca` is wanted. */
function seen(ca: Authority, published: readonly Authority[] | 'nothing' | 'silent'): Answer {
  const pki = { authority: (name: string) => (name === 'ca' ? ca : front) } as unknown as ClusterPki;
  const { question } = publishedTrust(pki);
  if (published === 'silent') return question.parse(null);
  if (published === 'nothing') return question.parse('{"missing":true}');
  const data = {
    'client-ca-file': published.map(({ certificatePem }) => certificatePem).join(''),
    'requestheader-client-ca-file': front.certificatePem,
  };
  return question.parse(JSON.stringify({ kind: 'ConfigMap', metadata: {}, data }));
}

const both = (): Authority =>
  loadAuthority(now.certificatePem, now.keyPem, { old: old.certificatePem, next: '', retired: '' });
const steps = (state: Answer) =>
  publishedTrust({ authority: () => now } as unknown as ClusterPki)
    .steps(state as never)
    .map((step) => ('run' in step ? step.run.split('\n')[0] : ''));

describe('whom the API server says it trusts', () => {
  const settled = {
    'ca missing': 0,
    'ca retired': 0,
    'front-proxy-ca missing': 0,
    'front-proxy-ca retired': 0,
  };

  it('is right when it is what is wanted, or when a new server has not said it yet', () => {
    expect(seen(now, [now])).toEqual(settled);
    expect(seen(both(), [old, now])).toEqual(settled);
    expect(seen(now, 'nothing')).toEqual(settled);
    expect(seen(now, 'silent')).toBe(unknown);
  });

  it('lacks one while the server has not read its file again: that is waited for', () => {
    const state = seen(both(), [old]);
    expect(state).toEqual({ ...settled, 'ca missing': 1 });
    expect(steps(state).join('\n')).not.toContain('delete');
    expect(steps(state).join('\n')).toContain('tries=0');
  });

  it('keeps one that is trusted no more: all is made anew', () => {
    const state = seen(now, [old, now]);
    expect(state).toEqual({ ...settled, 'ca retired': 1 });
    expect(steps(state)[0]).toContain('delete configmap extension-apiserver-authentication');
  });
});
