import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withArguments } from '../../provisioners/arguments.ts';
import { workFolder } from '../resources/bench.ts';

const unit = `[Unit]
Description=--secure-port=1 is no flag here
[Service]
ExecStart=/usr/local/bin/kube-apiserver \\
  --secure-port=6443 \\
  --secure-port-name=x \\
  --last=1
Restart=always
`;
const lines = (text: string): string[] => text.split('\n').slice(3, -2);

describe('flags in a unit', () => {
  it('are the unit’s own without any', () => {
    expect([withArguments(unit), withArguments(unit, {})]).toEqual([unit, unit]);
  });

  const cases: [string, Record<string, string>, string[]][] = [
    [
      'take the place of one that is there',
      { 'secure-port': '443' },
      ['  --secure-port=443 \\', '  --secure-port-name=x \\', '  --last=1'],
    ],
    [
      'also of the last',
      { last: '2' },
      ['  --secure-port=6443 \\', '  --secure-port-name=x \\', '  --last=2'],
    ],
    [
      'that are new are added',
      { v: '4', 'event-ttl': '2h' },
      [
        '  --event-ttl=2h \\',
        '  --v=4 \\',
        '  --secure-port=6443 \\',
        '  --secure-port-name=x \\',
        '  --last=1',
      ],
    ],
    [
      'whose name begins like another are that other’s no matter',
      { secure: 'x', port: 'y' },
      [
        '  --port=y \\',
        '  --secure=x \\',
        '  --secure-port=6443 \\',
        '  --secure-port-name=x \\',
        '  --last=1',
      ],
    ],
  ];
  it.each(cases)('%s', (_, flags, expected) => {
    expect(lines(withArguments(unit, flags))).toEqual([
      `ExecStart=/usr/local/bin/kube-apiserver \\`,
      ...expected,
    ]);
  });

  it('can be added to a program that has none', () => {
    expect(withArguments('ExecStart=/bin/x\n', { v: '1' })).toBe('ExecStart=/bin/x \\\n  --v=1\n');
  });

  it('of which one was quoted can be replaced again', () => {
    const before = withArguments(unit, { last: 'a b', v: 'c d' });
    expect(before).toContain('  "--last=a b"\n');
    expect(before).toContain('  "--v=c d" \\\n');
  });
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
    const text = withArguments('ExecStart=/bin/x\n', { flag: value });
    expect(argumentsOf(execStart(text))).toEqual(['/bin/x', `--flag=${value}`]);
    const replaced = withArguments('ExecStart=/bin/x \\\n  --flag=old \\\n  --other=1\n', { flag: value });
    expect(argumentsOf(execStart(replaced))).toEqual(['/bin/x', `--flag=${value}`, '--other=1']);
  });

  const folder = workFolder();
  // Debian hosts have it; elsewhere the rules above must do.
  const systemd = '/lib/systemd/systemd';
  it.runIf(existsSync(systemd))('as systemd itself reads them', () => {
    chmodSync(folder, 0o755);
    const flags = Object.fromEntries(values.map(([, value], index) => [`f${index}`, value]));
    const text = `[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/echo \\\n  --last=1\n`;
    writeFileSync(join(folder, 'x.service'), withArguments(text, flags));
    const said = readBySystemd(systemd, folder);
    const line = /^\s*Command Line: (.*)$/m.exec(said)?.[1] ?? said;
    // It shows every argument quoted for a shell, $$ not yet expanded.
    const shown = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
    const expected = values.map(([, value], index) => `--f${index}=${value.replaceAll('$', '$$$$')}`);
    expect(shown.trim().split('\n').toSorted()).toEqual(['/bin/echo', '--last=1', ...expected].toSorted());
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
