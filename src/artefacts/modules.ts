import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessOutput } from 'zx';
import { ArtefactError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { fill, type CRecipe, type GoRecipe, type Group } from './lock.ts';

/** How a group is compiled. */
export interface Build {
  readonly group: Group;
  /** Folder with the Go modules. */
  readonly modules: string;
  /** amd64, arm64 */
  readonly arch: string;
  readonly report: Report;
}

/** Compiles the group's programs into the folder. Throws ArtefactError with the compiler's last words. */
export async function buildPrograms(build: Build, folder: string): Promise<void> {
  const recipe = build.group.modules;
  return 'packages' in recipe ? buildGo(build, recipe, folder) : buildC(build, recipe, folder);
}

async function buildGo(build: Build, recipe: GoRecipe, folder: string): Promise<void> {
  const { version } = build.group;
  const packages = Object.values(recipe.packages);
  const tags = recipe.tags.length === 0 ? [] : ['-tags', recipe.tags.join(',')];
  const ldflags = fill(recipe.ldflags.join(' '), { version });
  const env = goEnvironment(build.arch, recipe.cgo);
  const listed = await fetchModules(build, ['go', 'list', '-deps', ...tags, ...packages], env);
  const total = listed.trim().split('\n').length;
  const task = `build ${build.group.name} ${version}`;
  const progress = (done: number): void =>
    build.report({ type: 'progress', task, done, total, unit: 'steps' });
  let compiled = 0;
  progress(0);
  const options = [...tags, '-trimpath', '-ldflags', ldflags, '-o', `${folder}/`];
  await run(build, ['go', 'build', '-v', ...options, ...packages], {
    env,
    timeout: '90m',
    // -v prints one line for each package that is really compiled; the rest comes out of Go's own cache.
    onErrorLine: (line) => {
      if (!line.startsWith('go: ')) progress(Math.min(++compiled, total - 1));
    },
  });
  for (const [program, path] of Object.entries(recipe.packages)) {
    await rename(join(folder, goName(path)), join(folder, program));
  }
  progress(total);
}

async function buildC(build: Build, recipe: CRecipe, folder: string): Promise<void> {
  const env = goEnvironment(build.arch, true);
  await fetchModules(build, ['go', 'mod', 'download', recipe.module], env);
  const located = await run(build, ['go', 'list', '-m', '-f', '{{.Dir}}', recipe.module], {
    env,
    timeout: '5m',
  });
  const cflags = recipe.cflags.map((flag) => fill(flag, { version: build.group.version }));
  const source = join(located.stdout.trim(), recipe.source);
  await run(build, ['gcc', ...cflags, '-o', join(folder, recipe.output), source], { env, timeout: '5m' });
}

/** Go's name for the program of a package: the last part of its path that is not a major version. */
function goName(path: string): string {
  const parts = path.split('/').filter((part) => !/^v\d+$/.test(part));
  return parts.at(-1) ?? path;
}

/** The user's settings for proxies and folders, but nothing of theirs that would change the bytes made. */
function goEnvironment(arch: string, cgo: boolean): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CGO_ENABLED: cgo ? '1' : '0',
    GOAMD64: 'v1',
    GOARCH: arch,
    GOARM64: 'v8.0',
    GOEXPERIMENT: '',
    GOFLAGS: '-mod=readonly -buildvcs=false',
    GOOS: 'linux',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
  };
}

/** Runs a Go command that fetches missing modules, telling how many it fetched; returns what it printed. */
async function fetchModules(
  build: Build,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const task = `Go modules of ${build.group.name}`;
  let done = 0;
  const tell = (total: number): void => build.report({ type: 'progress', task, done, total, unit: 'steps' });
  const onErrorLine = (line: string): void => {
    if (!line.startsWith('go: downloading ')) return;
    done += 1;
    tell(0);
  };
  const output = await run(build, command, { env, timeout: '30m', onErrorLine });
  if (done > 0) tell(done);
  return output.stdout;
}

/** Go says which file it was; its own folders are rarely where the artefacts are. */
const noSpace = ({ name, version }: Group, words: readonly string[]): ArtefactError =>
  new ArtefactError(`no space left to compile ${name} ${version} on this computer`, {
    evidence: words,
    remedy: 'Make room where the lines above say (go env GOCACHE GOMODCACHE GOTMPDIR) and run again.',
  });

interface RunOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly timeout: `${number}m`;
  readonly onErrorLine?: (line: string) => void;
}

async function run(build: Build, command: readonly string[], options: RunOptions): Promise<ProcessOutput> {
  const running = $({
    cwd: join(build.modules, build.group.modules.folder),
    env: options.env,
    timeout: options.timeout,
    nothrow: true,
    detached: false, // Ctrl-C reaches the compiler too
    stdio: ['ignore', 'pipe', 'pipe'],
  })`${command}`;
  createInterface({ input: running.stderr }).on('line', options.onErrorLine ?? (() => {}));
  const output = await running;
  if (output.ok) return output;
  const words = output.stderr.trim().split('\n').slice(-15);
  if (/no space left on device/i.test(output.stderr)) throw noSpace(build.group, words);
  throw new ArtefactError(
    `${build.group.name} ${build.group.version} could not be compiled from its Go module`,
    {
      evidence: [`${command.slice(0, 2).join(' ')} ended with ${output.signal ?? output.exitCode}`, ...words],
      remedy:
        'Nothing was kept. What is compiled already is remembered by Go, so the next run goes on from here.',
    },
  );
}
