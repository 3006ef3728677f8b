import fc from 'fast-check';
import { describe, it } from 'vitest';
import { damages, hurt } from './damages.ts';
import { clusterOf, descriptions, histories, kinds } from './descriptions.ts';
import { asIfUndisturbed, planIsApply, powerOn, succeeded, undisturbed } from './properties.ts';
import { describe as edit, newModel, run } from './rig.ts';
import { runs } from './runs.ts';

const PATIENCE = 600_000;

/** Where on its way a run is cut off, whether the effect in hand was done, and whether its machine went down too. */
const cuts = fc.record({
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  done: fc.boolean(),
  power: fc.boolean(),
});

describe('a run that is cut off after any effect is healed by the next one', () => {
  it(
    'while the cluster is brought up',
    async () => {
      const property = fc.asyncProperty(kinds, descriptions, cuts, async (kind, described, cut) => {
        const model = newModel(clusterOf(kind, described.founding, described.first), kind);
        const { effects } = await undisturbed(model);
        await run(model, { cut: { ...cut, at: 1 + Math.floor(cut.share * effects) } });
        powerOn(model);
        await planIsApply(model);
        await asIfUndisturbed(model);
      });
      await fc.assert(property, runs(6));
    },
    PATIENCE,
  );

  it(
    'while damage is repaired and the description was edited',
    async () => {
      const both = fc.record({ history: histories, harm: damages });
      const property = fc.asyncProperty(kinds, both, cuts, async (kind, { history, harm }, cut) => {
        const { founding, first, then } = history;
        const model = newModel(clusterOf(kind, founding, first), kind);
        succeeded(await run(model));
        hurt(model, harm);
        powerOn(model);
        const { nodes } = model.description;
        edit(model, clusterOf(kind, founding, then));
        const leaving = nodes.slice(model.description.nodes.length);
        await run(model, { leaving, cut: { ...cut, at: 1 + Math.floor(cut.share * 120) } });
        powerOn(model);
        await planIsApply(model, { leaving });
        await asIfUndisturbed(model);
      });
      await fc.assert(property, runs(6));
    },
    PATIENCE,
  );
});
