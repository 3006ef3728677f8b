import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { podWords, unitLines } from '../../provisioners/arguments.ts';
import { workFolder } from '../resources/bench.ts';

it('stand one a line, the last without a backslash', () => {
  expect(unitLines({})).toEqual([]);
  expect(unitLines({ v: '4', 'event-ttl': 'a b' })).toEqual(['  --v=4 \\', '  "--event-ttl=a b"']);
});

const values: [string, string][] = [
  ['plain', 'a,b=c:d/e.f-g_h@i*j+k'],
  ['empty', ''],
  ['blank', 'a b  c'],
  ['leading and trailing blank', ' a '],
  ['dollar', '$HOME ${HOME} $$'],
  ['per cent', '%n 100%'],
  ['double quote', 'say "yes"'],
  ['single quote', "it's"],
  ['backslash', '\\n \\\\ \\'],
  ['semicolon', 'a; b ;'],
  ['JSON', '{"a": ["b", 1]}'],
  ['comment', '# no'],
  ['letters beyond ASCII', 'größe 日本'],
  ['pattern', '(a|b)?[c]~!^&<>'],
];

/** systemd.syntax(7) and systemd.service(5): quotes wrap whole items, C escapes, then %% and $$. */
function argumentsOf(line: string): string[] {
  const items = line.matchAll(/"((?:[^"\\]|\\.)*)"(?= |$)|([^\s"'\\]+)(?= |$)/g);
  return [...items].map(([, quoted, bare]) =>
    (quoted === undefined ? (bare ?? '') : quoted.replaceAll(/\\(["\\])/g, '$1'))
      .replaceAll('%%', '%')
      .replaceAll('$$', '$'),
  );
}
const execStart = (text: string): string =>
  /^ExecStart=(.*)$/m.exec(text.replaceAll(/\\\n */g, ''))?.[1] ?? '';

describe('values arrive exactly as they are written', () => {
  it.each(values)('by the rules of systemd: %s', (_, value) => {
    const text = `ExecStart=/bin/x \\\n${unitLines({ flag: value, other: '1' }).join('\n')}\n`;
    expect(argumentsOf(execStart(text))).toEqual(['/bin/x', `--flag=${value}`, '--other=1']);
  });

  /** As k8s.io/kubernetes/third_party/forked/golang/expansion does it with no variable defined. */
  const expanded = (word: string): string =>
    word.replaceAll(/\$(\$|\([^)]*\))?/g, (all) => (all === '$$' ? '$' : all));
  it.each(values)('by the rules of containers: %s', (_, value) => {
    expect(podWords({ flag: value }).map(expanded)).toEqual([`--flag=${value}`]);
  });

  const folder = workFolder();
  // Debian hosts have it; elsewhere the rules above must do.
  const systemd = '/lib/systemd/systemd';
  it.runIf(existsSync(systemd))('as systemd itself reads them', () => {
    chmodSync(folder, 0o755);
    const flags = Object.fromEntries(values.map(([, value], index) => [`f${index}`, value]));
    const text = `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/echo \\\n`;
    writeFileSync(join(folder, 'x.service'), `${text}${unitLines(flags).join('\n')}\n`);
    const said = readBySystemd(systemd, folder);
    const line = /^\s*Command Line: (.*)$/m.exec(said)?.[1] ?? said;
    // It shows every argument quoted for a shell, $$ not yet expanded.
    const shown = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
    const expected = values.map(([, value], index) => `--f${index}=${value.replaceAll('$', '$$$$')}`);
    expect(shown.trim().split('\n').toSorted()).toEqual(['/bin/echo', ...expected].toSorted());
  });
});

/** In test mode it reads the units, tells what it would start, and starts nothing; not as root. */
function readBySystemd(systemd: string, folder: string): string {
  const words = ['--test', '--system', '--unit=x.service'];
  const env = { ...process.env, SYSTEMD_UNIT_PATH: folder };
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  const { stdout, stderr } = spawnSync(systemd, words, { env, encoding: 'utf8', timeout: 10_000, ...user });
  return `${stdout}${stderr}`;
}
