// `npm run bench [-- <part> [rounds]]`: what Hardway needs, measured on machines that are made for it and removed
// afterwards. Hosts are noisy: compare medians, and only figures of one run.
import { markdown } from './table.mjs';

const withLab = async (measure) => {
  const { prepareLab, removeLab } = await import('./lab.mjs');
  try {
    await prepareLab();
    return await measure();
  } finally {
    await removeLab();
  }
};

const parts = {
  noop: {
    rounds: 9,
    of: (rounds) => withLab(async () => ({ rows: await (await import('./noop.mjs')).noops(rounds) })),
  },
  'bring-up': {
    rounds: 5,
    of: (rounds) => withLab(async () => ({ rows: await (await import('./bring-up.mjs')).bringUps(rounds) })),
  },
  machines: {
    rounds: 5,
    of: (rounds) =>
      withLab(async () => ({ rows: await (await import('./bring-up.mjs')).oneAndThree(rounds) })),
  },
  fleet: { rounds: 5, of: async (rounds) => (await import('./fleet.mjs')).fleets(rounds) },
};

const [only, rounds] = process.argv.slice(2);
if (only !== undefined && !(only in parts)) {
  console.error(`there is no part ${only}; there are: ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
const chosen = Object.entries(parts).filter(([name]) => only === undefined || only === name);
const rows = [];
const plots = [];
for (const [name, part] of chosen) {
  console.error(`measuring: ${name}`);
  const measured = await part.of(Number(rounds ?? part.rounds));
  rows.push(...measured.rows);
  if (measured.plot !== undefined) plots.push(measured.plot);
}
console.log(markdown(['measured', 'median (range)'], rows));
for (const plot of plots) console.log(`\n${plot}`);
