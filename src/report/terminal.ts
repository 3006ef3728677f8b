import { type Screen, screen } from './screen.ts';

const { stdout } = process;

/** Where this command shows what it does. There is one, whoever writes on it. */
export const terminal: Screen = screen({
  write: (text) => void process.stdout.write(text),
  columns: () => stdout.columns || 80,
  rows: () => stdout.rows || 24,
});
