// From machines that run containerd and hold every image to CoreDNS rolled out: Hardway, and kubeadm driven by hand.
import { bringUp, preload } from './kubeadm.mjs';
import { connect, description, freshMachines, hardway, newState } from './lab.mjs';
import { median, spread } from './table.mjs';

const prepared = ['--only', 'host,runtime', '--quiet'];

/** Takes turns, machines fresh for each. Returns rows of the table, one a contender, and their ratio. */
export async function bringUps(rounds) {
  const [hardways, kubeadms] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first changes too.
    const turns = [() => oursOnce(hardways), () => kubeadmOnce(kubeadms)];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  const done = kubeadms.map((one) => one.done);
  const part = (name) => median(kubeadms.map((one) => one[name])).toFixed(1);
  const steps = `init ${part('initialised')} s, joined ${part('joined')} s, Ready ${part('ready')} s`;
  return [
    ['bring-up, Hardway', spread(hardways)],
    ['bring-up, kubeadm by hand in parallel', `${spread(done)}; ${steps}`],
    ['ratio of the medians', (median(hardways) / median(done)).toFixed(2)],
  ];
}

/** One machine against three, by turns: machines are brought up at the same time, so three cost less than 1.5 times one. */
export async function oneAndThree(rounds) {
  const [ones, threes] = [[], []];
  const alone = ['--set', 'nodes=[{"name":"master","roles":["etcd","master"]}]'];
  const settings = [...alone, '--set', 'controlPlane.schedulable=true'];
  for (let round = 0; round < rounds; round += 1) {
    const [master] = await freshMachines();
    await newState([master]);
    ones.push(await hardway('up', '--quiet', ...settings));
    await freshMachines();
    threes.push(await hardway('up', '--quiet'));
  }
  return [
    ['bring-up of one machine', spread(ones)],
    ['bring-up of three', spread(threes)],
    ['ratio of the medians', (median(threes) / median(ones)).toFixed(2)],
  ];
}

async function oursOnce(seconds) {
  const machines = await freshMachines();
  await hardway('up', ...prepared);
  await newState(machines);
  seconds.push(await hardway('up', '--quiet'));
  console.error(`hardway ${seconds.at(-1).toFixed(2)} s`);
}

async function kubeadmOnce(seconds) {
  const machines = await freshMachines();
  await hardway('up', ...prepared);
  const connections = await connect(machines);
  try {
    await preload(description(), machines, connections);
    seconds.push(await bringUp(description(), machines, connections));
    console.error(`kubeadm ${JSON.stringify(seconds.at(-1))}`);
  } finally {
    await Promise.all(connections.map((connection) => connection.close()));
  }
}
