import { beforeAll, describe, expect, it } from 'vitest';
import { makeLab } from '../live/support/lab.ts';
import { type Cut, cutName, freshMachines, heal, keepKeys, runInto, startOver } from './cut.ts';
import { allCuts } from './cuts.ts';
import { type EndState, differences, endState } from './end-state.ts';
import { complaint, engine, type Moment, nameOf } from './engine.ts';
import { openAccount } from './account.ts';
import { line, type Outcome, publish, table } from './report.ts';

const machines = ['master', 'minion-1'];
/** HARDWAY_CUTS: a regular expression; only cuts whose names match are made, and nothing is published. */
const only = process.env['HARDWAY_CUTS'];
const account = openAccount();

describe('every effect of a bring-up', { timeout: 4 * 3_600_000 }, () => {
  const lab = makeLab('hwt-kill', '192.168.81.0/24');
  const began = Date.now();
  let moments: readonly Moment[];
  let clean: EndState;
  let seconds = 0;

  /** Returns the moments of an undisturbed run. */
  const undisturbed = async (): Promise<readonly Moment[]> => {
    await startOver(lab, machines);
    const run = await engine(lab, ['up']);
    expect(run.code, complaint(run)).toBe(0);
    seconds = run.seconds;
    return run.moments;
  };

  beforeAll(async () => {
    lab.edit((description) => {
      for (const node of description.nodes) if (node.count !== undefined) node.count = 1;
    });
    await freshMachines(lab, machines);
  });

  it('is the same in each undisturbed run, and so is the end', async () => {
    moments = await undisturbed();
    clean = await endState(lab, machines);
    keepKeys(lab);
    const again = await undisturbed();
    expect(differences(clean, await endState(lab, machines))).toEqual([]);
    expect(again.map(nameOf).sort()).toEqual(moments.map(nameOf).sort());
    console.log(`${moments.length / 2} effects in ${seconds.toFixed(1)} s, ${clean.size} facts compared`);
  });

  it('can be cut, and one more run heals it', async () => {
    const cuts = allCuts(moments).filter((cut) => new RegExp(only ?? '').test(cutName(cut)));
    const outcomes: Outcome[] = [];
    for (const cut of cuts) {
      const outcome = account.made(cut) ?? (await tried(cut));
      account.keep(outcome);
      outcomes.push(outcome);
      console.log(line(outcome, outcomes.length, cuts.length));
      // After half of them each effect has been cut in both ways: worth being kept whatever comes.
      if (only !== undefined || outcomes.length * 2 < cuts.length) continue;
      const minutes = (Date.now() - began) / 60_000;
      publish(outcomes, { effects: moments.length / 2, clean: seconds, cuts: cuts.length, minutes });
    }
    console.log(`\n${table(outcomes)}\n`);
    expect(outcomes.filter(({ problems }) => problems.length > 0).map(({ cut }) => cutName(cut))).toEqual([]);
  });

  async function tried(cut: Cut): Promise<Outcome> {
    // What is written here is written from nothing.
    const otherKeys = cut.moment.effect.machine === '';
    try {
      await startOver(lab, machines, otherKeys);
      const told = complaint(await runInto(lab, cut));
      return { cut, told, ...(await heal(lab, machines, clean, otherKeys)) };
    } catch (error) {
      return {
        cut,
        told: '',
        seconds: 0,
        problems: [error instanceof Error ? error.message : String(error)],
      };
    }
  }
});
