import { describe, expect, it } from 'vitest';
import { brief } from '../../src/report/brief.ts';

const digest = '0123456789abcdef'.repeat(4);

describe('a value in a line', () => {
  it.each([
    [digest, '0123456789ab…'],
    [digest.slice(1), digest.slice(1)],
    [`${digest}0`, `${digest}0`],
    [digest.toUpperCase(), digest.toUpperCase()],
    ['', ''],
    ['0644', '0644'],
    [7, '7'],
    [false, 'false'],
    [null, 'null'],
  ])('%j is %s', (value, text) => {
    expect(brief(value)).toBe(text);
  });
});
