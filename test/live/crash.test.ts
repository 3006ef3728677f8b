import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cut, cutName, freshMachines, heal, keepKeys, runInto, startOver } from '../kill/cut.ts';
import { allCuts } from '../kill/cuts.ts';
import { type EndState, endState } from '../kill/end-state.ts';
import { complaint, engine } from '../kill/engine.ts';
import { random, sample } from '../kill/sample.ts';
import { destroy } from './support/bring-up.ts';
import { makeLab } from './support/lab.ts';

const seed = Number(process.env['HARDWAY_SEED'] ?? Math.floor(Math.random() * 1e6));
const machines = ['master', 'minion-1'];

/** A sample of what `npm run test:kill` does with every effect; HARDWAY_SEED repeats one. */
describe(`a bring-up that is cut again and again (HARDWAY_SEED=${seed})`, () => {
  const lab = makeLab('hwt-crash', '192.168.79.0/24');
  const next = random(seed);
  let cuts: readonly Cut[];
  let clean: EndState;

  beforeAll(async () => {
    lab.edit((description) => {
      for (const node of description.nodes) if (node.count !== undefined) node.count = 1;
    });
    await freshMachines(lab, machines);
    const run = await engine(lab, ['up']);
    expect(run.code, complaint(run)).toBe(0);
    cuts = allCuts(run.moments);
    clean = await endState(lab, machines);
    keepKeys(lab);
  });
  afterAll(() => destroy(lab));

  const drawn = (victim: Cut['victim'], count: number): Cut[] =>
    sample(
      cuts.filter((cut) => cut.victim === victim && cut.moment.effect.machine !== ''),
      count,
      next,
    );

  it('comes to the same end: the engine is killed four times', async () => {
    const chosen = drawn('engine', 4);
    await startOver(lab, machines);
    for (const cut of chosen) await runInto(lab, cut);
    const { problems } = await heal(lab, machines, clean);
    expect(problems, chosen.map(cutName).join('\n')).toEqual([]);
  });

  // A run survives the stop of a machine when that is back soon: the next stop needs machines that are new again.
  it('comes to the same end: a machine is stopped hard, twice', async () => {
    for (const cut of drawn('machine', 2)) {
      await startOver(lab, machines);
      await runInto(lab, cut);
      const { problems } = await heal(lab, machines, clean);
      expect(problems, cutName(cut)).toEqual([]);
    }
  });
});
