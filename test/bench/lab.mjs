// The machines of the benches: the default description on machines that Vagrant makes, in a folder of its own.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ours, root } from './ours.mjs';

const name = 'hwt-bench';
const folder = join(tmpdir(), 'hardway-bench', name);
const report = () => undefined;

/** A copy of this checkout, built, with a name and a range of its own; what a killed bench left is removed first. */
export async function prepareLab() {
  await removeLab();
  mkdirSync(folder, { recursive: true });
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  const limits = { cwd: root, input: files, maxBuffer: 2 ** 30 };
  const options = ['--null', '--ignore-failed-read', '-T', '-', '-cf', '-'];
  const packed = execFileSync('tar', options, { ...limits, stdio: ['pipe', 'pipe', 'ignore'] });
  execFileSync('tar', ['-xf', '-', '-C', folder], { input: packed });
  const description = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8'));
  description.name = name;
  description.network.machineCidr = '192.168.80.0/24';
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(description, null, 2));
  execFileSync('npm', ['ci', '--silent', '--no-fund', '--no-audit'], { cwd: folder, stdio: 'inherit' });
}

/** Machines, bridge and folder. */
export async function removeLab() {
  if (existsSync(join(folder, 'cluster.json'))) await destroyMachines();
  rmSync(folder, { recursive: true, force: true });
}

/** Fresh machines that answer; nothing of Kubernetes on them but what lies in the box. Returns their endpoints. */
export async function freshMachines() {
  await destroyMachines();
  let machines = [];
  await inFolder(() =>
    ours.labUp({
      ...lab(),
      meanwhile: async () => {},
      converge: async (endpoints) => {
        machines = endpoints;
        return 0;
      },
    }),
  );
  await newState(machines);
  return machines.map((machine, index) => ({ ...machine, address: lab().cluster.nodes[index].address }));
}

/** As if Hardway had never run, but it knows where the machines are: keys are made anew. */
export async function newState(machines) {
  rmSync(join(folder, '.hardway'), { recursive: true, force: true });
  const state = ours.openState(join(folder, '.hardway'));
  for (const machine of machines) await ours.writeMachine(state, machine);
}

/** Seconds that the command took from its start to its end. Throws what it said when it failed. */
export function hardway(...args) {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, 'dist/hardway.js'), ...args], { cwd: folder });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk));
    child.once('close', (code) => {
      if (code === 0) resolve((performance.now() - began) / 1000);
      else reject(new Error(`hardway ${args.join(' ')}: exit ${code}\n${Buffer.concat(said)}`));
    });
  });
}

/** A root connection to each machine, by name. */
export async function connect(machines) {
  const hosts = ours.knownHosts(join(folder, '.hardway', 'known_hosts.bench'));
  const connections = machines.map(({ host, port, user, keys, name: label }) =>
    ours.withSudo(ours.sshConnection({ host, port, user, keys, label, knownHosts: hosts })),
  );
  await Promise.all(connections.map((connection) => connection.connect()));
  return connections;
}

/** cluster.json of the machines, complete. */
export const description = () => lab().cluster;

const lab = () => ({ cluster: ours.loadCluster(join(folder, 'cluster.json')), dir: folder, report });
const destroyMachines = () => inFolder(() => ours.labDestroy(lab()));

/** Vagrant looks for its Vagrantfile where it is started. */
async function inFolder(work) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await work();
  } finally {
    process.chdir(before);
  }
}
