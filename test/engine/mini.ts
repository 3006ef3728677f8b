/** Tiny recipes, brought about on this very machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Connection } from '../../src/connection/connection.ts';
import { localConnection } from '../../src/connection/local.ts';
import { type Script, sh } from '../../src/connection/quote.ts';
import { converge, type ConvergeOptions, type Machine, type Outcome } from '../../src/engine/converge.ts';
import { LOGS } from '../../src/engine/output.ts';
import type { Condition, Phase, Recipe, Stage } from '../../src/engine/phase.ts';
import type { Resource, Step } from '../../src/engine/resource.ts';
import type { Event } from '../../src/report/event.ts';
import { command } from '../../src/resources/command.ts';

/** A folder for the tests of one file, removed after them. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-engine-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${LOGS}/mini.log`, { force: true });
  });
  return folder;
}

/** Phases get the machine's name as their scope. */
export const recipe = (phases: readonly Phase<string>[], facts: Script = sh`echo facts`): Recipe<string> => ({
  facts,
  plan: () => ({ phases, scope: (machine) => machine, notes: ['adapted'] }),
});

export const phase = (name: string, ...stages: Stage<string>[]): Phase<string> => ({
  name,
  title: `Do ${name}`,
  on: ['a'],
  stages,
});

export const stage = (...resources: Resource[]): Stage<string> => ({
  title: 'x',
  resources: () => resources,
});

/** A fact about this machine: what `question` prints must be `wanted`. */
export const fact = (name: string, question: Script, wanted: string, ...steps: Step[]): Resource => ({
  id: `fact:${name}`,
  desired: { value: wanted },
  question: command(question, (value) => ({ value })),
  steps: () => steps,
});

/** A file that must exist; made by `touch` unless other steps are given. */
export const exists = (path: string, ...steps: Step[]): Resource =>
  fact(path, sh`[ -e ${path} ] && echo there; true`, 'there', ...(steps.length > 0 ? steps : [touch(path)]));

export const touch = (path: string): Step => ({ run: sh`touch ${path}` });

export const condition = (description: string, script: Script, limit = 5): Condition => ({
  ...{ name: 'mini', description, on: ['a'], limit },
  script: () => script,
});

export const here = (...names: string[]): Machine[] =>
  names.map((name) => ({ name, connection: localConnection() }));

export interface Told {
  readonly outcome: Outcome;
  readonly events: readonly Event[];
}

/** One run, on machine a unless told otherwise. */
export async function run(
  phases: readonly Phase<string>[] | Recipe<string>,
  options: Partial<Omit<ConvergeOptions<string>, 'recipe' | 'machines'>> & { machines?: Machine[] } = {},
): Promise<Told> {
  const { machines = here('a'), planOnly = false, ...rest } = options;
  const events: Event[] = [];
  const outcome = await converge({
    recipe: 'plan' in phases ? phases : recipe(phases),
    machines: async () => machines,
    planOnly,
    ...rest,
    report: (event) => {
      events.push(event);
      rest.report?.(event);
    },
  });
  return { outcome, events };
}

export const changesIn = ({ events }: Told): Extract<Event, { type: 'change' }>[] =>
  events.filter((event) => event.type === 'change');

/** Notes every script before it runs. */
export function observed(runs: string[], connection: Connection = localConnection()): Connection {
  return {
    ...connection,
    run: (script, options) => {
      runs.push(script);
      return connection.run(script, options);
    },
  };
}
