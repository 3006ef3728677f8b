// A run that changes nothing on a fleet: real SSH servers in a process of their own, model machines behind them.
import { fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, root } from './ours.mjs';
import { plot } from './plot.mjs';
import { median, spread } from './table.mjs';

const sizes = [50, 100, 200, 500];

/** Rows of the table, one a size, and the plot of all of them. */
export async function fleets(rounds) {
  // Builds when the sources are newer.
  spawnSync(process.execPath, [join(root, 'src', 'bootstrap.mjs'), '--version']);
  const worker = await bundle('fleet-worker.ts');
  const rows = [];
  const points = [];
  for (const size of sizes) {
    const { seconds, cpu, mebibytes, perMachine } = await fleet(worker, size, rounds);
    console.error(`${size} machines: ${spread(seconds)}`);
    points.push({ x: size, y: median(seconds) });
    const about = `${spread(cpu)} CPU; ${spread(mebibytes, 'MiB', 0)}; ${perMachine} round trips a machine`;
    rows.push([`nothing to do, ${size} simulated machines`, `${spread(seconds)}; ${about}`]);
  }
  return { rows, plot: plot(points, 'machines', 'seconds') };
}

async function fleet(worker, size, rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-fleet-'));
  const machines = fork(worker, [folder, String(size)]);
  try {
    await message(machines);
    const measure = () => up(join(folder, 'cluster.json'));
    // The first one meets the machines and remembers them.
    for (let warm = 0; warm < 2; warm += 1) await measure();
    await counts(machines);
    const runs = [];
    for (let round = 0; round < rounds; round += 1) runs.push(await measure());
    const { commands } = await counts(machines);
    return {
      seconds: runs.map((run) => run.seconds),
      cpu: runs.map((run) => run.cpu),
      mebibytes: runs.map((run) => run.mebibytes),
      perMachine: (commands / rounds / size).toFixed(2),
    };
  } finally {
    machines.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

const counts = (machines) => {
  machines.send('counts');
  return message(machines);
};

async function message(machines) {
  const ended = once(machines, 'exit').then(() => Promise.reject(new Error('the simulated machines ended')));
  const [told] = await Promise.race([once(machines, 'message'), ended]);
  return told;
}

/** Seconds, seconds of CPU and the most memory of one run. Throws when it changes something. */
async function up(file) {
  const began = performance.now();
  const args = ['-r', join(import.meta.dirname, 'usage.cjs'), join(root, 'dist', 'hardway.js')];
  const child = spawn(process.execPath, [...args, 'up', '--json', '--file', file], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const said = ['', ''];
  child.stdout.on('data', (chunk) => (said[0] += chunk));
  child.stdio[3].on('data', (chunk) => (said[1] += chunk));
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`exit ${code}\n${said[0]}`);
  return { seconds, ...JSON.parse(said[1]) };
}
