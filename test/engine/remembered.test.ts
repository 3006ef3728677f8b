import { expect, it } from 'vitest';
import { remembered } from '../../src/engine/remembered.ts';

it('works each stage out once a machine, and every machine for itself', () => {
  const asked: string[] = [];
  const plan = remembered<{ machine: string }>({
    notes: [],
    scope: (machine) => ({ machine }),
    phases: [
      {
        ...{ name: 'one', title: 'One', on: ['a', 'b'] },
        stages: [
          {
            title: 'only',
            resources: ({ machine }) => {
              asked.push(machine);
              return [];
            },
          },
        ],
      },
    ],
  });
  for (const machine of ['a', 'b', 'a', 'b']) plan.phases[0]?.stages[0]?.resources(plan.scope(machine));
  expect(asked).toEqual(['a', 'b']);
});
