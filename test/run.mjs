// `npm test`: types, lint and format, then unit, contract and live tests. Ends with "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const run = (command, args) =>
  spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;

const scratch = mkdtempSync(join(tmpdir(), 'hardway-results-'));
const results = { passed: 0, failed: 0 };
const count = (ok) => (results[ok ? 'passed' : 'failed'] += 1);

try {
  installTools();
  count(run('npm', ['run', '--silent', 'build']));
  count(run('npm', ['run', '--silent', 'check']));
  for (const project of ['unit', 'contract', 'live']) {
    const file = join(scratch, `${project}.json`);
    const ok = run(bin('vitest'), [
      'run',
      '--project',
      project,
      '--reporter=verbose',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ]);
    const told = read(file);
    results.passed += told?.numPassedTests ?? 0;
    results.failed += told?.numFailedTests ?? 0;
    // A file that could not even be loaded has no failed test in it; a skipped test is no success.
    if (!ok && !told?.numFailedTests) count(false);
    if (told?.numPendingTests) results.failed += told.numPendingTests;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;

/** A real sshd for the contract tests, a shell for the pods of the live tests. */
function installTools() {
  const missing = ['openssh-server', 'busybox-static'].filter(
    (name) =>
      !/installed/.test(
        spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status}', name], { encoding: 'utf8' }).stdout ?? '',
      ),
  );
  if (missing.length === 0) return;
  const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
  const [command, ...rest] = [...sudo, 'apt-get'];
  run(command, [...rest, 'update', '-q']);
  run(command, [...rest, 'install', '-y', '-q', '--no-install-recommends', ...missing]);
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
