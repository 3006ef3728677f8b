import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { survey } from '../../src/engine/survey.ts';
import { command } from '../../src/resources/command.ts';
import { sysctl } from '../../src/resources/sysctl.ts';
import { ask, bring, drift, relocated, workFolder } from './bench.ts';

describe('command questions', () => {
  it('travel together and do not disturb each other', async () => {
    const scripts = {
      lines: sh`printf ' a\nb\n\n'`,
      nothing: sh`true`,
      failing: sh`echo before; exit 3`,
      silent: sh`echo noise >&2; echo ok`,
      hungry: sh`cat; echo fed`,
      variable: sh`x=1; cd /; echo "$x"`,
      clean: sh`echo "\${x:-unset}"`,
      quoted: sh`echo ${`it's $HOME`}`,
    };
    const resources = Object.entries(scripts).map(([name, script]): Resource => ({
      id: `question:${name}`,
      desired: {},
      question: command(script, (output) => ({ output })),
      steps: () => [],
    }));
    const found = await survey('here', localConnection(), resources);
    expect(Object.fromEntries([...found].map(([id, answer]) => [id.slice(9), answer]))).toEqual({
      lines: { output: ' a\nb' },
      nothing: { output: '' },
      failing: { output: 'before' },
      silent: { output: 'ok' },
      hungry: { output: 'fed' },
      variable: { output: '1' },
      clean: { output: 'unset' },
      quoted: { output: "it's $HOME" },
    });
  });
});

describe('sysctl', () => {
  const folder = workFolder();
  const here = relocated('/var/lib/hardway', folder);

  it('compares the running kernel and tells a key it does not have', async () => {
    expect(await drift(sysctl('kernel.ostype', 'Linux'))).toEqual([]);
    expect(await drift(sysctl('kernel.ostype', 'Plan9'))).toEqual(['value: Linux → Plan9']);
    expect(await drift(sysctl('kernel.no_such_key', '1'))).toEqual(['present: false → true']);
  });

  it('that cannot be written is named with what is and what must be', async () => {
    const change = bring(sysctl('kernel.no_such_key', '1'), here);
    await expect(change).rejects.toMatchObject({
      message: 'here: sysctl:kernel.no_such_key failed (exit 1)',
      evidence: expect.arrayContaining([
        expect.stringMatching(/^kernel\.no_such_key is not there and must be 1: /),
      ]) as string[],
    });
  });

  it('is remembered as it was the first time', async () => {
    const value = (await ask(sysctl('kernel.pid_max', ''))) as { value: string };
    mkdirSync(join(folder, 'before'), { recursive: true });
    writeFileSync(join(folder, 'before/kernel.ngroups_max'), 'first\n');
    await bring(sysctl('kernel.pid_max', value.value), here);
    await bring(sysctl('kernel.ngroups_max', '65536'), here).catch(() => undefined); // read-only
    expect(readFileSync(join(folder, 'before/kernel.pid_max'), 'utf8')).toBe(`${value.value}\n`);
    expect(readFileSync(join(folder, 'before/kernel.ngroups_max'), 'utf8')).toBe('first\n');
  });
});
