import { createInterface } from 'node:readline/promises';

export const onTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true;

/** Asks on the terminal; everything but "y" or "yes" is a no. */
export async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`${question} [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
