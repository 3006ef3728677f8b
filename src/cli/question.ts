import { createInterface } from 'node:readline/promises';
import { terminal as shown } from '../report/terminal.ts';

export const onTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** Asks on the terminal; everything but "y" or "yes" is a no. */
export async function agreed(question: string): Promise<boolean> {
  const release = shown.hold();
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  release();
  return /^y(es)?$/i.test(answer.trim());
}
