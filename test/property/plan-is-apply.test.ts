import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { snapshot } from '../model/snapshot.ts';
import { damages, hurt } from './damages.ts';
import { clusterOf, descriptions, histories, kinds } from './descriptions.ts';
import { asIfUndisturbed, planIsApply, powerOn, succeeded } from './properties.ts';
import { describe as edit, newModel, run } from './rig.ts';
import { runs } from './runs.ts';

const PATIENCE = 600_000;

describe('what the plan announces is what the run does, and a second run does nothing', () => {
  it(
    'on bare machines',
    async () => {
      const property = fc.asyncProperty(kinds, descriptions, async (kind, { founding, first }) => {
        await planIsApply(newModel(clusterOf(kind, founding, first), kind));
      });
      await fc.assert(property, runs(3));
    },
    PATIENCE,
  );

  it(
    'after any damage; and the end is as if nothing had happened',
    async () => {
      const property = fc.asyncProperty(kinds, descriptions, damages, async (kind, described, harm) => {
        const model = newModel(clusterOf(kind, described.founding, described.first), kind);
        succeeded(await run(model));
        const whole = snapshot(model);
        hurt(model, harm);
        await planIsApply(model);
        powerOn(model);
        succeeded(await run(model));
        expect(snapshot(model)).toEqual(whole);
      });
      await fc.assert(property, runs(14));
    },
    PATIENCE,
  );

  it(
    'after an edit of the description, machines more or fewer, and damage besides',
    async () => {
      const property = fc.asyncProperty(kinds, histories, damages, async (kind, history, harm) => {
        const { founding, first, then } = history;
        const model = newModel(clusterOf(kind, founding, first), kind);
        succeeded(await run(model));
        hurt(model, harm);
        powerOn(model);
        const { nodes } = model.description;
        edit(model, clusterOf(kind, founding, then));
        await planIsApply(model, { leaving: nodes.slice(model.description.nodes.length) });
        await asIfUndisturbed(model);
      });
      await fc.assert(property, runs(7));
    },
    PATIENCE,
  );
});
