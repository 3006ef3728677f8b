// A run that changes nothing on three real machines, from the start of the process to its end.
import { freshMachines, hardway } from './lab.mjs';
import { spread } from './table.mjs';

export async function noops(rounds) {
  await freshMachines();
  await hardway('up', '--quiet');
  // What starts beside a new cluster is over by then, and what the first run has to look up it knows.
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  const seconds = [];
  for (let round = 0; round <= rounds; round += 1) seconds.push(await hardway('up', '--quiet'));
  return [['nothing to do, 3 real machines', spread(seconds.slice(1))]];
}
