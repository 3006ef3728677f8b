import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Names of the labs that the live tests of one project use. */
function labsOf(project: string): string[] {
  const listed = execFileSync(
    join(root, 'node_modules/.bin/vitest'),
    ['list', '--project', project, '--filesOnly', '--json'],
    { cwd: root, encoding: 'utf8' },
  );
  const files = (JSON.parse(listed) as { file: string }[]).map(({ file }) => readFileSync(file, 'utf8'));
  const found = files.flatMap((text) => [
    ...[...text.matchAll(/(?:makeLab|ownMachines)\(\s*'(hwt-[a-z-]+)'/g)].map(([, name = '']) => name),
    ...(text.includes('mainLab()') ? ['hwt-main'] : []),
  ]);
  return [...new Set(found)];
}

it('live tests that run at the same time have labs of their own', { timeout: 60_000 }, () => {
  const [live, aside] = [labsOf('live'), labsOf('aside')];
  expect(live).toContain('hwt-main');
  expect(aside.length).toBeGreaterThan(3);
  expect(live.filter((name) => aside.includes(name))).toEqual([]);
});
