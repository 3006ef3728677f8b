// Starts the command from a checkout: installs and builds first when that is needed. Plain JavaScript, because
// nothing is there yet when it runs; never writes to standard output, which belongs to the command.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(project, 'dist', '.built');
const sources = ['src', 'provisioners', 'schemas', 'build.mjs', 'package.json'];
const minutesToWait = 10;

requireNode(20, 19);
if (!isInstalled() || !isBuilt()) locked(installAndBuild);
await import(pathToFileURL(join(project, 'dist', 'hardway.js')).href);

function requireNode(major, minor) {
  const [hasMajor, hasMinor] = process.versions.node.split('.').map(Number);
  if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
  giveUp(`Hardway needs Node.js ${major}.${minor} or newer; this is ${process.versions.node}.`);
}

function installAndBuild() {
  if (!isInstalled()) run('npm', ['ci', '--no-fund', '--no-audit'], 'installing the libraries');
  if (!isBuilt()) run(process.execPath, ['build.mjs'], 'building');
}

function isInstalled() {
  return (
    changed(join(project, 'node_modules', '.package-lock.json')) >=
    changed(join(project, 'package-lock.json'))
  );
}

function isBuilt() {
  const built = changed(stamp);
  return built > 0 && sources.every((source) => newest(join(project, source)) <= built);
}

/** Milliseconds; 0 when it does not exist. */
function changed(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Of a file or of everything in a folder; a deleted file changes its folder. */
function newest(path) {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat?.mtimeMs ?? 0;
  return Math.max(stat.mtimeMs, ...fs.readdirSync(path).map((name) => newest(join(path, name))));
}

function run(command, words, what) {
  process.stderr.write(`hardway: ${what} (once)\n`);
  const result = spawnSync(command, words, {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status === 0) return;
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  giveUp(`Hardway could not start: "${command} ${words.join(' ')}" failed.\n${said || result.error}`);
}

/** One process at a time: several machines of Vagrant's may start at once. */
function locked(work) {
  const folder =
    process.env.HARDWAY_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'hardway');
  const lock = join(folder, `build-${createHash('sha256').update(project).digest('hex').slice(0, 12)}.lock`);
  fs.mkdirSync(folder, { recursive: true });
  const mine = `${lock}.${process.pid}`;
  fs.writeFileSync(mine, String(process.pid));
  try {
    acquire(lock, mine);
    const release = () => fs.rmSync(lock, { force: true });
    process.once('exit', release);
    work();
    process.off('exit', release);
    release();
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

/** A link appears together with its content, so that nobody ever reads an empty lock. */
function acquire(lock, mine) {
  for (const end = Date.now() + minutesToWait * 60_000; Date.now() < end; pause(100)) {
    try {
      return fs.linkSync(mine, lock);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (!holderLives(lock)) fs.rmSync(lock, { force: true });
    }
  }
  giveUp(`Hardway could not start: another build has been running for ${minutesToWait} minutes (${lock}).`);
}

function holderLives(lock) {
  try {
    process.kill(Number(fs.readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
