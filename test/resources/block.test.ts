import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { block } from '../../src/resources/block.ts';
import { bring, drift, workFolder } from './bench.ts';

const folder = workFolder();
let count = 0;
const place = (): string => join(folder, `hosts ${(count += 1)}`);

const ours = (...lines: string[]): string => ['# BEGIN hardway', ...lines, '# END hardway', ''].join('\n');
const foreign = '127.0.0.1\tlocalhost  \n\n# BEGIN hardway of others\n10.0.0.9 a\\b $HOME `x`\n';

describe('block', () => {
  const lines = ['192.168.56.11 master.lab master', '192.168.56.21 minion-1'];
  const cases: [string, string, string][] = [
    ['an empty file', '', ours(...lines)],
    ['no block yet', foreign, foreign + ours(...lines)],
    ['an older block at the end', foreign + ours('10.0.0.1 old'), foreign + ours(...lines)],
    ['a smaller block', foreign + ours(lines[0] ?? ''), foreign + ours(...lines)],
    ['an empty block', foreign + ours(), foreign + ours(...lines)],
    ['an older block in the middle', `a\n${ours('old')}${foreign}`, `a\n${foreign}${ours(...lines)}`],
    ['two blocks', `${ours('x')}a\n${ours('y')}`, `a\n${ours(...lines)}`],
    ['no line break at the end', '127.0.0.1 localhost', `127.0.0.1 localhost\n${ours(...lines)}`],
  ];

  it.each(cases)('%s', async (_, before, after) => {
    const path = place();
    writeFileSync(path, before);
    chmodSync(path, 0o640);
    expect(await drift(block(path, lines))).toHaveLength(1);
    await bring(block(path, lines));
    expect(readFileSync(path, 'utf8')).toBe(after);
    expect(await drift(block(path, lines))).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder).filter((name) => name.startsWith(`hosts ${count}.`))).toEqual([]);
  });

  it('does not grow the file however often it changes', async () => {
    const path = place();
    writeFileSync(path, foreign);
    for (const line of ['1', '2', '3']) await bring(block(path, [line]));
    expect(readFileSync(path, 'utf8')).toBe(foreign + ours('3'));
  });

  it('makes the file when there is none', async () => {
    const path = place();
    await bring(block(path, lines));
    expect(readFileSync(path, 'utf8')).toBe(ours(...lines));
    expect(existsSync(path)).toBe(true);
  });

  it('touches nothing when the end of its block is missing: the rest may be of others', async () => {
    const path = place();
    const torn = `a\n# BEGIN hardway\nold\n${foreign}`;
    writeFileSync(path, torn);
    await expect(bring(block(path, lines))).rejects.toThrow(`block:${path} failed`);
    expect(readFileSync(path, 'utf8')).toBe(torn);
  });
});
