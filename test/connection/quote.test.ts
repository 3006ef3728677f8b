import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { lines, quote, sh, verbatim } from '../../src/connection/quote.ts';

const shells = ['bash', 'dash'];

/** What a shell makes of these words, one after the other, each ended by a NUL. */
function readBack(shell: string, words: string[]): string[] {
  const script = sh`printf '%s\\0' ${words}`;
  const { stdout } = spawnSync(shell, ['-s'], { input: Buffer.from(script, 'latin1'), env: { LC_ALL: 'C' } });
  return stdout.toString('latin1').split('\0').slice(0, -1);
}

describe('quote', () => {
  const nasty = [
    '',
    ' ',
    "'",
    "''",
    "a'b",
    '"',
    '\\',
    '\\\n',
    '\n',
    '\t',
    '$HOME',
    '$(id)',
    '`id`',
    '*',
    '?',
    '~',
  ];
  const nastier = [
    '~root',
    '-n',
    '--',
    '!!',
    '#',
    ';id',
    "';id;'",
    '&',
    '|',
    '>f',
    '{a,b}',
    '[a]',
    'a=b',
    '%',
    '7',
  ];

  it.each(shells)('comes back equal from %s: words that hurt', (shell) => {
    expect(readBack(shell, [...nasty, ...nastier])).toEqual([...nasty, ...nastier]);
  });

  it.each(shells)('comes back equal from %s: random bytes', (shell) => {
    const word = () =>
      Buffer.from(randomBytes(randomInt(1, 60)).filter((byte) => byte !== 0)).toString('latin1');
    const words = Array.from({ length: 500 }, word);
    expect(readBack(shell, words)).toEqual(words);
  });

  it('leaves plain words readable, but never digits alone', () => {
    const readable = ['etcd.service', '/etc/a-b_c', 'a@b:1,2%+', '-x'];
    expect(readable.map(quote)).toEqual(readable);
    expect([quote(7), quote('A=b'), quote('~')]).toEqual(["'7'", "'A=b'", "'~'"]);
  });

  it('refuses what no shell word can hold', () => {
    expect(() => quote('a\0b')).toThrow('NUL');
  });
});

describe('sh', () => {
  it('quotes each value, spreads arrays, inserts scripts as they are', () => {
    const check = sh`test -e ${'/a b'}`;
    expect(sh`if ${verbatim(check)}; then rm ${['x', "y'z", 2]}; fi`).toBe(
      `if test -e '/a b'; then rm x 'y'\\''z' '2'; fi`,
    );
    expect(lines(check, sh`true`)).toBe("test -e '/a b'\ntrue");
    expect(sh`a ${[]} b`).toBe('a  b');
  });

  it('does not take a script for a value', () => {
    // @ts-expect-error a script inside a script must be put there by verbatim
    expect(sh`echo ${sh`true; false`}`).toBe("echo 'true; false'");
  });
});
