import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unable } from '../fixtures/unable.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const minions = ['master', 'minion-1', 'minion-2'];
const phases = ['prepare', 'join', 'resize', 'leave'];

const offered = async (line: string): Promise<string[]> => {
  const words = line.split(' ').slice(1);
  const { code, out, err } = await runMain(work.product, ['--complete', '--file', work.file, ...words]);
  expect([code, err]).toEqual([0, '']);
  return out.trim().split('\n');
};

describe('what may come next', () => {
  it.each([
    ['hardway ', ['up', 'status', 'help']],
    ['hardway st', ['status']],
    ['hardway help ', ['up', 'pki']],
    ['hardway up --', ['--only', '--yes', '--file', '--json']],
    ['hardway up --only ', phases],
    ['hardway up --yes --from ', phases],
    ['hardway plan --on ', minions],
    ['hardway phase ', phases],
    ['hardway why ', minions],
    ['hardway trust min', minions],
    ['hardway node ', ['remove', 'forget']],
    ['hardway node remove ', minions],
    ['hardway node --yes remove ', minions],
    ['hardway pki ', ['list', 'bundle']],
    ['hardway pki bundle ', minions],
    ['hardway completion ', ['bash', 'zsh']],
  ])('%j', async (line, expected) => {
    expect(await offered(line)).toEqual(expect.arrayContaining(expected));
  });

  it.each(['hardway up ', 'hardway why master ', 'hardway trust master ', 'hardway up --wait '])(
    '%j: nothing is known',
    async (line) => expect(await offered(line)).toEqual(['']),
  );

  it('is nothing hidden', async () => {
    expect(await offered('hardway ')).not.toContain('machines');
    expect(await offered('hardway up --')).not.toContain('--from-vagrant');
  });

  it('is no machine where there is no cluster.json, and no error either', async () => {
    const { code, out, err } = await runMain(work.product, ['--complete', '--file', '/nowhere', 'why', '']);
    expect([code, out, err]).toEqual([0, '', '']);
  });
});

describe('what a shell is given', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-completion-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  const script = async (shell: string): Promise<string> =>
    (await runMain(work.product, ['completion', shell])).out;
  // Says what it was asked.
  const command = join(folder, 'hardway');
  writeFileSync(
    command,
    `#!/bin/sh\n[ "$*" = '--complete up --on mi' ] && printf 'master\\nminion-1\\nminion-2\\n'\n`,
  );
  chmodSync(command, 0o755);

  it('makes bash complete', async () => {
    const typed = `${await script('bash')}
COMP_WORDS=(hardway up --on mi); COMP_CWORD=3; _hardway; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p hardway`;
    const said = execFileSync('bash', ['-c', typed], { env, encoding: 'utf8' });
    expect(said).toBe('minion-1\nminion-2\ncomplete -o default -F _hardway hardway\n');
  });

  const noZsh = spawnSync('zsh', ['--version']).status === 0 ? null : 'there is no zsh';
  it.skipIf(unable('completion in zsh', noZsh))('makes zsh complete', async () => {
    const typed = `compdef() { print -r -- "compdef $*"; }
compadd() { print -rl -- $all; }
${await script('zsh')}
words=(hardway up --on mi); CURRENT=4; _hardway`;
    const said = execFileSync('zsh', ['-fc', typed], { env, encoding: 'utf8' });
    expect(said).toBe('compdef _hardway hardway\nmaster\nminion-1\nminion-2\n');
  });
});
