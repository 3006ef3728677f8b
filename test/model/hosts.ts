import { sha256Of } from './disk.ts';

const BLOCK = /^# BEGIN hardway\n([\s\S]*?)^# END hardway\n?/m;

/** Digest of the lines between our marks, as the question of `block` asks for it. */
export const blockIn = (text: string): string => sha256Of(BLOCK.exec(text)?.[1] ?? '');

/** Our lines anew, at the end; all others stay. */
export function withBlock(text: string, lines: readonly string[]): string {
  const others = text.replace(BLOCK, '');
  const ended = others === '' || others.endsWith('\n') ? others : `${others}\n`;
  return `${ended}${['# BEGIN hardway', ...lines, '# END hardway'].join('\n')}\n`;
}

export const withoutBlock = (text: string): string => text.replace(BLOCK, '');
