import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { changedLines } from '../../src/engine/text.ts';
import { exists, observed, workFolder } from './mini.ts';

const folder = workFolder();

async function lines(now: string | null, wanted: string): Promise<readonly string[] | undefined> {
  const path = join(folder, 'text with a blank');
  if (now !== null) writeFileSync(path, now);
  const resource = { ...exists('x'), text: { path: now === null ? `${path}-missing` : path, wanted } };
  return (await changedLines(localConnection(), [resource])).get(resource.id);
}

const numbered = (word: string, count: number): string =>
  Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join('');

describe('the lines of a text that would change', () => {
  const cases: [string, string | null, string, string[]][] = [
    ['none', 'a\nb\n', 'a\nb\n', []],
    ['one', 'a\nb\nc\n', 'a\nx\nc\n', ['- b', '+ x']],
    ['added at the end', 'a\n', 'a\nb\nc\n', ['+ b', '+ c']],
    ['removed', 'a\nb\nc\n', 'a\nc\n', ['- b']],
    ['an empty line', 'a\n\n', 'a\n', ['- ']],
    ['all of an empty file', '', 'a\n', ['+ a']],
    ['no file', null, 'a\nb\n', ['+ a', '+ b']],
    ['leading blanks', '  a\n', 'a\n', ['-   a', '+ a']],
    ['several places', 'a\n1\nb\n2\n', 'a\n3\nb\n4\n', ['- 1', '+ 3', '- 2', '+ 4']],
  ];
  it.each(cases)('%s', async (_, now, wanted, expected) => {
    expect(await lines(now, wanted)).toEqual(expected);
  });

  it('are not told without end', async () => {
    const told = await lines(numbered('old', 60), numbered('new', 60));
    expect([told?.length, told?.at(0), told?.at(-1)]).toEqual([41, '- old 0', '… 80 lines more']);
  });

  it('of a text that is longer than what is read are those that were read', async () => {
    const long = numbered('a line of text', 5000);
    expect(await lines(long, long)).toEqual([]);
  });

  it('of several texts are asked with one script, of none with none', async () => {
    writeFileSync(join(folder, 'a'), 'old\n');
    writeFileSync(join(folder, 'b'), 'without a line break');
    const texts = ['a', 'b'].map((name) => ({
      ...exists(name),
      text: { path: join(folder, name), wanted: 'new\n' },
    }));
    const runs: string[] = [];
    const found = await changedLines(observed(runs), [...texts, exists('no text')]);
    expect([...found]).toEqual([
      ['fact:a', ['- old', '+ new']],
      ['fact:b', ['- without a line break', '+ new']],
    ]);
    expect(runs).toHaveLength(1);
    expect(await changedLines(observed(runs), [exists('x')])).toEqual(new Map());
    expect(runs).toHaveLength(1);
  });
});
