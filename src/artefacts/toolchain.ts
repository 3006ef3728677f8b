import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessPromise } from 'zx';
import { ArtefactError } from '../errors.ts';
import { $ } from '../shell.ts';
import { defaultCache } from './cache.ts';
import type { Group } from './lock.ts';

/** A short question to a tool; never throws. */
function ask(command: readonly string[]): ProcessPromise {
  const env = { ...process.env, GOTOOLCHAIN: 'local' };
  return $({ nothrow: true, timeout: '30s', env })`${command}`;
}

/** "go1.26.8"; undefined when no Go answers. */
export async function goVersion(): Promise<string | undefined> {
  return /\bgo\d+\.\S*/.exec((await ask(['go', 'version'])).stdout)?.[0];
}

/**
 * Throws one ArtefactError naming everything that is missing to compile these groups.
 * `reason` says why they are to be compiled at all.
 */
export async function requireToolchain(
  groups: readonly Group[],
  modules: string,
  reason: string,
): Promise<void> {
  const problems = [...(await goProblems(groups, modules)), ...(await cProblems(groups))];
  if (problems.length === 0) return;
  const names = groups.map((group) => group.name).join(', ');
  const debian = [...new Set(groups.flatMap((group) => group.modules.needs?.debian ?? []))];
  const install = debian.length === 0 ? '' : `, on Debian also: apt-get install ${debian.join(' ')}`;
  const otherwise = groups.some(({ releases }) => releases !== null)
    ? 'let this machine reach dl.k8s.io, github.com and registry.k8s.io'
    : `copy ${defaultCache()} from a computer that has compiled it`;
  throw new ArtefactError(`${names} cannot be made: ${reason}, and to compile it ${problems.join('; ')}`, {
    evidence: groups.flatMap(({ name, about }) => (about === undefined ? [] : [`${name}: ${about}`])),
    remedy: `Install Go from https://go.dev/dl${install}. Or ${otherwise}.`,
  });
}

async function goProblems(groups: readonly Group[], modules: string): Promise<readonly string[]> {
  const needed = groups
    .map((group) => goLine(join(modules, group.modules.folder, 'go.mod')))
    .sort(byVersion)
    .at(-1);
  if (needed === undefined) return [];
  const found = await goVersion();
  if (found === undefined) return [`Go ${needed} or newer is missing`];
  return byVersion(found.slice(2), needed) < 0
    ? [`Go ${needed} or newer is needed, ${found} is installed`]
    : [];
}

async function cProblems(groups: readonly Group[]): Promise<readonly string[]> {
  const needs = groups.flatMap((group) => group.modules.needs ?? []);
  if (needs.length === 0) return [];
  if (process.platform !== 'linux') return ['a Linux machine is needed for the parts written in C'];
  const commands = new Set(needs.flatMap((need) => need.commands));
  const libraries = new Set(needs.flatMap((need) => need.libraries));
  const problems: string[] = [];
  for (const command of commands) {
    if (!(await ask(['command', '-v', command])).ok) problems.push(`${command} is missing`);
  }
  for (const library of libraries) {
    if (!(await ask(['pkg-config', '--exists', library])).ok)
      problems.push(`the library ${library} is missing`);
  }
  return problems;
}

/** The oldest Go that a module accepts. */
function goLine(file: string): string {
  return /^go (\S+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '0';
}

function byVersion(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true });
}
