import { describe, expect, it } from 'vitest';
import { cut, screen, width } from '../../src/report/screen.ts';
import { FakeTerminal } from '../fixtures/terminal.ts';

function onTerminal(columns = 40, rows = 10) {
  const terminal = new FakeTerminal(columns);
  const written: string[] = [];
  const write = (text: string): void => {
    written.push(text);
    terminal.write(text);
  };
  const painted = screen({ write, columns: () => terminal.columns, rows: () => rows });
  return { terminal, written, painted };
}

describe('a screen', () => {
  it('without a block is a terminal like any other: bytes pass as they are', () => {
    const { written, painted } = onTerminal();
    painted.print('one\n');
    painted.print('{"json":1}\n');
    expect(written).toEqual(['one\n', '{"json":1}\n']);
  });

  it('paints a block anew in its place, shorter and longer', () => {
    const { terminal, painted } = onTerminal();
    painted.print('first\n');
    painted.show(['a', 'bbbb', 'c']);
    painted.show(['A', 'b']);
    expect(terminal.text()).toEqual(['first', 'A', 'b']);
    painted.show(['x', 'y', 'z', 'w']);
    expect(terminal.text()).toEqual(['first', 'x', 'y', 'z', 'w']);
    painted.show([]);
    expect(terminal.text()).toEqual(['first']);
  });

  it('keeps what is printed, above the block, whole and in order', () => {
    const { terminal, painted } = onTerminal(20);
    painted.show(['block']);
    painted.print('a line that is longer than the terminal is wide\n');
    painted.print('two\nthree\n');
    expect(terminal.text()).toEqual([
      ...['a line that is longe', 'r than the terminal', 'is wide', 'two', 'three', 'block'],
    ]);
  });

  it('is not touched while nothing changes', () => {
    const { written, painted } = onTerminal();
    painted.show(['same']);
    painted.show(['same']);
    expect(written).toHaveLength(1);
  });

  it('shows each change as a whole, so that nothing flickers', () => {
    const { written, painted } = onTerminal();
    painted.show(['a', 'b']);
    painted.print('c\n');
    for (const text of written) expect(text).toMatch(/^\u001b\[\?2026h[^]*\u001b\[\?2026l$/);
    expect(written.join('')).not.toContain('\u001b[2J');
  });

  it('cuts what does not fit in width and height', () => {
    const { terminal, painted } = onTerminal(10, 5);
    painted.show(['0123456789', ...'abcdefgh']);
    expect(terminal.text()).toEqual(['01234567…', 'a', 'b']);
  });

  it('finds its block again when the terminal became narrower or wider', () => {
    const { terminal, painted } = onTerminal(40);
    painted.print('first\n');
    painted.show(['x'.repeat(35), 'y']);
    // As terminals do: the line of 35 is now two lines.
    terminal.columns = 20;
    terminal.write('\u001b[2A\r\u001b[J' + `${'x'.repeat(35)}\ny\n`);
    painted.show(['small', 'y']);
    expect(terminal.text()).toEqual(['first', 'small', 'y']);
    terminal.columns = 60;
    painted.show(['x'.repeat(50), 'z']);
    expect(terminal.text()).toEqual(['first', 'x'.repeat(50), 'z']);
  });

  it('held, paints nothing until it is given back', () => {
    const { terminal, painted } = onTerminal();
    painted.show(['block']);
    const release = painted.hold();
    painted.show(['another']);
    painted.print('a question?\n');
    expect(terminal.text()).toEqual(['a question?']);
    release();
    painted.show(['another']);
    expect(terminal.text()).toEqual(['a question?', 'another']);
  });
});

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['\u001b[1mbold\u001b[22m', 4],
    ['日本', 4],
    ['⠋ █░', 4],
  ])('%j is %i', (text, columns) => expect(width(text)).toBe(columns));

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 5, '日本…'],
    ['\u001b[1mabc\u001b[22mdef', 4, '\u001b[1mabc\u001b[22m…'],
    ['\u001b[1mabcdef\u001b[22m', 4, '\u001b[1mabc\u001b[22m…'],
  ])('%j cut to %i', (text, columns, expected) => expect(cut(text, columns)).toBe(expected));
});
