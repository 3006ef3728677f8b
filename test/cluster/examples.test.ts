import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readProblems } from '../../src/cluster/load.ts';

const folder = join(import.meta.dirname, '..', '..', 'examples');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

describe('examples', () => {
  it.each(files)('%s is a right description', (file) => {
    expect(readProblems(readFileSync(join(folder, file), 'utf8'), file)).toEqual([]);
  });

  it.each(files)('%s is explained', (file) => {
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`(${file})`);
  });
});
