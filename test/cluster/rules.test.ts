import { expect, it } from 'vitest';
import { problemsOf } from './problems-of.ts';

it('a certificate that would live longer than the authority that signs it', () => {
  expect(problemsOf({ pki: { caValidity: '300d' } })).toEqual([
    expect.stringMatching(
      / pki\.leafValidity: 1y is longer than the 300d of the authorities that sign \(pki\.caValidity\)$/,
    ),
  ]);
  expect(problemsOf({ pki: { caValidity: '300d', leafValidity: '300d' } })).toEqual([]);
});
