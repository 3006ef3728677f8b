import { describe, expect, it } from 'vitest';
import { progressOf } from '../../src/lab/packages.ts';

describe('progressOf', () => {
  it.each([
    ['dlstatus:1:50.0:Retrieving file 1 of 2', 25],
    ['pmstatus:vagrant:40.0:Unpacking vagrant (amd64)', 70],
    ['pmstatus:vagrant:100.0:Installed vagrant (amd64)', 99],
    ['Setting up vagrant (2.3.4) ...', undefined],
  ])('%s', (line, percent) => {
    expect(progressOf(line)).toBe(percent);
  });
});
