// `npm run bench [-- <part> [rounds]]`: what Hardway needs, measured on machines made for it and removed afterwards.
// Hosts are noisy: medians, and figures of one run only, may be compared.
import { markdown } from './table.mjs';

const parts = {
  'bring-up': { rounds: 5, of: async (rounds) => (await import('./bring-up.mjs')).bringUps(rounds) },
};

const [only, rounds] = process.argv.slice(2);
if (only !== undefined && !(only in parts)) {
  console.error(`there is no part ${only}; there are: ${Object.keys(parts).join(', ')}`);
  process.exit(1);
}
const { prepareLab, removeLab } = await import('./lab.mjs');
const rows = [];
try {
  await prepareLab();
  for (const [name, part] of Object.entries(parts)) {
    if (only === undefined || only === name) rows.push(...(await part.of(Number(rounds ?? part.rounds))));
  }
} finally {
  await removeLab();
}
console.log(markdown(['measured', 'median (range)'], rows));
