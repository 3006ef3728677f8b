import { describe, expect, it } from 'vitest';
import yargs from 'yargs';
import { verbs } from '../../src/cli/verbs.ts';
import { workplace } from './workplace.ts';

const shown = verbs(workplace().product).filter(({ describe: text }) => text !== false);

describe('the help of every verb', () => {
  it.each(shown.map(({ usage, options }) => [usage, options] as const))(
    '%s has an example',
    async (_, options) => {
      const help = await options(yargs([]).scriptName('hardway')).getHelp();
      const [, examples = ''] = help.split('Examples:\n');
      expect(examples).toMatch(/^ +\S+/);
    },
  );

  it.each(shown.map(({ usage, describe: text }) => [usage, text]))('%s says what it is for', (_, text) => {
    expect(text).toMatch(/^[A-Z].{10,}[^.]$/);
  });
});
