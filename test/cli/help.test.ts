import { describe, expect, it } from 'vitest';
import { verbs } from '../../src/cli/verbs.ts';
import { nameOf } from '../../src/cli/words.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const all = verbs(work.product);
const shown = all.filter(({ describe }) => describe !== false);

/** Output of yargs goes through the console. */
async function hardway(...words: string[]): Promise<{ code: number; text: string; err: string }> {
  let text = '';
  const log = console.log;
  console.log = (line: string) => void (text += `${line}\n`);
  try {
    const { code, out, err } = await runMain(work.product, words);
    return { code, text: text + out, err };
  } finally {
    console.log = log;
  }
}

describe('help', () => {
  it('without a verb shows all of them with examples, and is no success', async () => {
    const { code, err } = await hardway();
    expect(code).toBe(1);
    for (const verb of shown) expect(err).toContain(`hardway ${verb.usage}`);
    expect(err).toMatch(/Examples:\n {2}hardway plan/);
    expect(err).toMatch(/✗ no verb was given\n/);
  });

  it.each([['help'], ['--help'], ['-h']])('hardway %s shows all verbs', async (word) => {
    const { code, text } = await hardway(word);
    expect(code).toBe(0);
    for (const verb of shown) expect(text).toContain(`hardway ${verb.usage}`);
  });

  it.each(all.map((verb) => [nameOf(verb), verb] as const))('of %s has an example', async (name, verb) => {
    const asked = await hardway('help', name);
    expect([asked.code, asked.err]).toEqual([0, '']);
    expect(asked.text).toContain(`hardway ${verb.usage}`);
    expect(asked.text).toMatch(new RegExp(`Examples:\\n[^]*hardway ${name}`));
    // What another program is given is its own help.
    if (verb.handsOver === undefined) expect((await hardway(name, '--help')).text).toBe(asked.text);
  });

  it.each(shown.map(({ usage, describe: text }) => [usage, text]))('says what %s is for', (_, text) => {
    expect(text).toMatch(/^[A-Z].{10,}[^.]$/);
  });
});
