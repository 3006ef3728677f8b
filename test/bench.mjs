// `npm run bench [rounds]`: how long this host needs for a lab from nothing and for a run that changes nothing, on a
// cluster of its own. Prints minimum, median and maximum; compare figures of one run only, hosts are noisy.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clean, labs } from './live/support/clean.mjs';

const root = join(import.meta.dirname, '..');
const rounds = Number(process.argv[2] ?? 3);
const folder = join(labs, 'hwt-bench');
const seconds = {
  'npm run lab, no machines': [],
  'of that, machines booted to verdict': [],
  'npm run lab, all there': [],
  'of that, the engine': [],
};

clean();
try {
  prepare();
  lab('up');
  for (let round = 0; round < rounds; round += 1) {
    lab('destroy');
    measure('npm run lab, no machines', 'of that, machines booted to verdict');
    measure('npm run lab, all there', 'of that, the engine');
  }
} finally {
  clean();
}
for (const [what, values] of Object.entries(seconds)) {
  const sorted = values.toSorted((a, b) => a - b).map((value) => value.toFixed(1));
  console.log(
    `${what.padEnd(38)} min ${sorted[0]}  median ${sorted[Math.floor(sorted.length / 2)]}  max ${sorted.at(-1)} s`,
  );
}

/** A copy of this checkout, as the live tests make one. */
function prepare() {
  mkdirSync(folder, { recursive: true });
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  const packed = execFileSync('tar', ['--null', '-T', '-', '-cf', '-'], {
    cwd: root,
    input: files,
    maxBuffer: 2 ** 30,
  });
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: packed });
  const file = join(folder, 'cluster.json');
  const description = JSON.parse(readFileSync(file, 'utf8'));
  description.name = 'hwt-bench';
  description.network.machineCidr = '192.168.80.0/24';
  writeFileSync(file, JSON.stringify(description, null, 2));
}

function measure(whole, part) {
  const began = performance.now();
  const events = lab('up');
  seconds[whole].push((performance.now() - began) / 1000);
  seconds[part].push(events.find(({ type }) => type === 'verdict').seconds);
}

/** Returns the events it told. */
function lab(action) {
  const args = [join(folder, 'src/bootstrap.mjs'), 'lab', action, '--json'];
  const told = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (told.status !== 0) throw new Error(`lab ${action}: exit ${told.status}\n${told.stdout}${told.stderr}`);
  return told.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
