import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Check, Finding } from '../../src/cli/check.ts';
import { isWell, told } from '../../src/cli/findings.ts';
import { verify } from '../../src/cli/verify.ts';
import { sh } from '../../src/connection/quote.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const loud = { verbose: false, quiet: false };
const finding = (is: Finding['is'], more: object = {}): Finding & { check: string } => ({
  ...{ check: 'doors', machine: 'master', id: `door ${is}`, title: 'is closed', is, found: 'a cat', ...more },
});

/** Says how many doors a machine has; two are too many. */
const doors: Check = {
  describe: 'how many doors there are',
  question: (_, { name }) => sh`echo ${name}; [ ${name} = master ] && echo 2 || echo 1`,
  judge: (_, { name }, output) => {
    const [said = '', doors = ''] = output.split('\n');
    const is = doors === '1' ? 'well' : 'wrong';
    return [{ machine: name, id: 'door', title: 'one door', is, found: `${doors} at ${said}` }];
  },
};

describe('verify', () => {
  it('asks each machine that is there, and names those that are not', async () => {
    const session = work.session({ absent: ['minion-2'] });
    const { findings, absent } = await verify(session, { doors, again: doors });
    expect(absent).toEqual(['minion-2']);
    expect(findings.map(({ check, is, found }) => `${check} ${is} ${found}`)).toEqual([
      'doors wrong 2 at master',
      'again wrong 2 at master',
      'doors well 1 at minion-1',
      'again well 1 at minion-1',
    ]);
  });

  it('a machine that says nothing has proven nothing', async () => {
    const mute: Check = {
      ...doors,
      question: () => sh`exit 3`,
      judge: (_, node, output) => doors.judge(_, node, output),
    };
    const { findings } = await verify(work.session(), { mute });
    expect(findings.map(({ is }) => is)).toEqual(['wrong', 'wrong', 'wrong']);
  });

  it('is well only when nothing is wrong and everybody was asked', () => {
    const well = { findings: [finding('well'), finding('excepted')], absent: [] };
    expect(isWell(well)).toBe(true);
    expect(isWell({ ...well, absent: ['minion-1'] })).toBe(false);
    expect(isWell({ ...well, findings: [finding('wrong')] })).toBe(false);
  });

  it('shows what is wrong or excepted with its remedy or reason, then the count', () => {
    const findings = [
      finding('well'),
      finding('wrong', { remedy: 'shut it' }),
      finding('excepted', { reason: 'old house' }),
    ];
    expect(told({ findings, absent: ['minion-1'] }, loud).split('\n')).toEqual([
      '✗ master: door wrong: is closed',
      '    found: a cat',
      '  → shut it',
      '! master: door excepted: is closed',
      '    found: a cat',
      '    excepted: old house',
      '✗ minion-1 is not there: nothing is known about it',
      '1 well, 1 wrong, 1 excepted on 1 machine',
    ]);
    expect(told({ findings, absent: [] }, { ...loud, verbose: true })).toContain(
      '✓ master: door well: is closed',
    );
    expect(told({ findings, absent: [] }, { ...loud, quiet: true })).not.toContain('excepted:');
  });

  it('tells what each probe came to in one line, unless something of it is wrong or only that is wanted', () => {
    const sums = { doors: '3 of 3: are closed', windows: '2 of 2: are closed' };
    const windows = { ...finding('wrong'), check: 'windows' };
    const shown = { findings: [finding('well'), windows], absent: [], sums };
    expect(told(shown, loud).split('\n')[0]).toBe('✓ doors: 3 of 3: are closed');
    expect(told(shown, loud)).not.toContain('✓ windows');
    expect(told(shown, { ...loud, quiet: true })).not.toContain('✓ doors');
  });

  it('a machine cannot write escape sequences on the terminal', () => {
    const found = '\u001b[2Jcleared\u009b\u202e\n✓';
    expect(told({ findings: [finding('wrong', { found })], absent: [] }, loud)).toContain(
      'found: ?[2Jcleared???✓',
    );
  });

  it.each(['windows', 'constructor'])('refuses the check %s and names those that there are', async (name) => {
    const product = { ...work.product, checks: async () => ({ doors }) };
    const { code, err } = await runMain(product, ['verify', name, '--file', work.file]);
    expect([code, err]).toEqual([1, expect.stringContaining(`✗ there is no check ${name}`)]);
    expect(err).toContain('There are: doors (how many doors there are).');
  });

  it('the verb ends with 1 and says who is not there; for programs as JSON', async () => {
    const product = { ...work.product, checks: async () => ({ doors }) };
    // Nobody has told where these machines are.
    const file = join(work.folder, 'far', 'cluster.json');
    mkdirSync(join(work.folder, 'far'));
    writeFileSync(file, JSON.stringify({ nodes: [{ name: 'master', roles: ['etcd', 'master'] }] }));
    const run = (...words: string[]) => runMain(product, ['verify', ...words, '--file', file]);
    const { code, out } = await run('doors');
    expect([code, out]).toEqual([1, expect.stringContaining('✗ master is not there')]);
    expect(JSON.parse((await run('--json')).out)).toEqual({
      findings: [],
      absent: ['master'],
      sums: {},
    });
  });
});
