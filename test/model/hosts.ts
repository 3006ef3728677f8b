import { sha256Of } from './disk.ts';

/** From the line that begins a block to the line that ends it, with the line break behind it. */
const blockCalled = (name: string): RegExp => {
  const [begin, end] = ['BEGIN', 'END'].map((word) => `# ${word} hardway${name === '' ? '' : ` ${name}`}`);
  return new RegExp(`^${begin}\\n([\\s\\S]*?)^${end}\\n?`, 'm');
};

/** The name of the block that an expression with its marks means. */
export const nameIn = (marks: string): string => /BEGIN hardway ?([a-z]*)\$/.exec(marks)?.[1] ?? '';

/** Digest of the lines between our marks, as the question of `block` asks for it. */
export const blockIn = (text: string, name: string): string =>
  sha256Of(blockCalled(name).exec(text)?.[1] ?? '');

/** Our lines anew, with the marks around them, at the end; all others stay. */
export function withBlock(text: string, lines: readonly string[]): string {
  const name = /^# BEGIN hardway ?(.*)$/.exec(lines[0] ?? '')?.[1] ?? '';
  const others = text.replace(blockCalled(name), '');
  const ended = others === '' || others.endsWith('\n') ? others : `${others}\n`;
  return `${ended}${lines.join('\n')}\n`;
}

export const withoutBlocks = (text: string): string =>
  text.replace(blockCalled(''), '').replace(blockCalled('api'), '');
