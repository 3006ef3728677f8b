// `npm test`: types, lint and format, then unit, contract and live tests. With names of projects: only those;
// words behind them choose cells of the matrix. Ends with "N passed, N failed".
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clean, endIn, labsIn } from './live/support/clean.mjs';

const root = join(import.meta.dirname, '..');
const scratch = mkdtempSync(join(tmpdir(), 'hardway-results-'));
const results = { passed: 0, failed: 0 };
/** Projects by turns; those of one turn run side by side. */
const TURNS = [['unit'], ['contract'], ['live', 'aside'], ['matrix'], ['kill']];
const PROJECTS = TURNS.flat();
/** Temporary files of the live tests that run beside the others: two processes must not clean each other's labs. */
const aside = join(tmpdir(), 'hardway-aside');
const asked = process.argv.slice(2).filter((word) => PROJECTS.includes(word));
const cells = process.argv.slice(2).filter((word) => !PROJECTS.includes(word));
const running = new Set();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, abort);
try {
  await installTools();
  count(await run('npm', ['run', '--silent', 'build']));
  if (asked.length === 0) count(await run('npm', ['run', '--silent', 'check']));
  const wanted = asked.length > 0 ? asked : ['unit', 'contract', 'live', 'aside'];
  for (const turn of TURNS) await Promise.all(turn.filter((name) => wanted.includes(name)).map(vitest));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;

async function vitest(project) {
  const temporary = project === 'aside' ? aside : tmpdir();
  mkdirSync(temporary, { recursive: true });
  const file = join(scratch, `${project}.json`);
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${file}`];
  const chosen = cells.length > 0 ? ['test/matrix/cells.test.ts'] : [];
  const words = ['run', '--project', project, ...reporters, ...chosen];
  const ok = await run(join(root, 'node_modules/.bin/vitest'), words, { TMPDIR: temporary });
  const told = read(file);
  results.passed += told?.numPassedTests ?? 0;
  // What was skipped has not passed.
  const failed = (told?.numFailedTests ?? 0) + (told?.numPendingTests ?? 0);
  // A file that could not even be loaded has no failed test in it.
  results.failed += !ok && failed === 0 ? 1 : failed;
}

/** A real sshd and shells to log in to, a shell for the pods of the live tests, one to complete in, a browser. */
async function installTools() {
  const status = (name) =>
    spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' }).stdout;
  const missing = [
    'openssh-server',
    'fish',
    'tcsh',
    'ansible-core',
    'busybox-static',
    'chromium',
    'zsh',
  ].filter((name) => status(name) !== 'installed');
  if (missing.length === 0) return;
  const [command, ...rest] = [...(process.getuid?.() === 0 ? [] : ['sudo']), 'apt-get'];
  await run(command, [...rest, 'update', '-q']);
  await run(command, [...rest, 'install', '-y', '-q', '--no-install-recommends', ...missing]);
}

function run(command, args, more = {}) {
  return new Promise((resolve) => {
    // A group of its own: what it starts ends with it.
    const ours = cells.length > 0 ? { HARDWAY_CELLS: cells.join(' ') } : {};
    const child = spawn(command, args, {
      ...{ cwd: root, detached: true, stdio: ['ignore', 'inherit', 'inherit'] },
      env: { ...process.env, ...more, ...ours },
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    child.once('error', () => resolve(false));
    child.once('close', (code) => resolve(code === 0));
  });
}

/** Ends what runs and removes the machines it made. */
function abort(signal) {
  console.error(`${signal}: removing what the tests made`);
  for (const { pid } of running) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  for (const folder of [tmpdir(), aside]) {
    try {
      endIn(labsIn(folder));
      clean(labsIn(folder));
    } catch (error) {
      console.error(error.message);
    }
  }
  rmSync(scratch, { recursive: true, force: true });
  process.exit(1);
}

function count(ok) {
  results[ok ? 'passed' : 'failed'] += 1;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
