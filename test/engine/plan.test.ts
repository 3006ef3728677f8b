import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { absent, directory, file } from '../../src/resources/file.ts';
import { changesIn, here, run, workFolder } from './mini.ts';

const folder = workFolder();

/** The same sequence for the same seed (mulberry32): from 0 up to, not including, `below`. */
function dice(seed: number): (below: number) => number {
  let state = seed * 2654435761;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const modes = [0o644, 0o600, 0o755];
const contents = ['', 'one\n', 'two\n'];

/** One machine or two, eight places on each: what is there and what is wanted is chance. */
function world(seed: number): { phases: Phase<string>[]; root: string; machines: string[] } {
  const roll = dice(seed);
  const machines = seed % 6 === 0 ? ['a', 'b'] : ['a'];
  const root = join(folder, String(seed));
  const pick = <T>(from: readonly T[]): T => from[roll(from.length)] as T;
  const wanted = new Map<string, Resource[][]>();
  for (const machine of machines) {
    const stages: Resource[][] = [[], []];
    for (let place = 0; place < 8; place += 1) {
      const path = join(root, machine, `p${place}`);
      const isFolder = roll(3) === 0;
      mkdirSync(join(root, machine), { recursive: true });
      if (roll(3) > 0) {
        if (isFolder) mkdirSync(path);
        else writeFileSync(path, pick(contents));
        chmodSync(path, pick(modes));
      }
      const mode = pick(modes);
      const kind = roll(4);
      const present = isFolder ? directory(path, { mode }) : file(path, pick(contents), { mode });
      if (kind > 0) pick(stages).push(kind === 1 ? absent(path) : present);
    }
    wanted.set(machine, stages);
  }
  const stage = (index: number) => ({
    title: `${index}`,
    pace: pick(['together', 'one-by-one'] as const),
    resources: (machine: string) => wanted.get(machine)?.[index] ?? [],
  });
  const phase = (name: string, index: number) => ({
    ...{ name, title: name, on: machines },
    stages: [stage(index)],
  });
  return { phases: [phase('one', 0), phase('two', 1)], root, machines };
}

/** Everything below a folder: type, mode, times and content. */
const photograph = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const seen = lstatSync(join(root, name));
      const content = seen.isFile() ? readFileSync(join(root, name), 'utf8') : '';
      return [name, seen.mode, seen.ino, seen.mtimeMs, seen.ctimeMs, content].join(' ');
    });

async function planThenApply(seed: number): Promise<number> {
  const { phases, root, machines } = world(seed);
  const before = photograph(root);
  const plan = await run(phases, { machines: here(...machines), planOnly: true });
  expect(photograph(root)).toEqual(before);

  const applied = await run(phases, { machines: here(...machines) });
  expect(applied.outcome.failures).toEqual([]);
  expect(applied.outcome.changes).toBe(plan.outcome.changes);
  const sorted = (told: typeof plan) =>
    changesIn(told)
      .map((change) => JSON.stringify(change))
      .sort();
  expect(sorted(applied)).toEqual(sorted(plan));

  rmSync(root, { recursive: true });
  return plan.outcome.changes;
}

describe('what the plan announces is what the run does, and nothing more', () => {
  const seeds = Array.from({ length: 24 }, (_, index) => index + 1);
  const groups = Array.from({ length: 4 }, (_, group) => seeds.slice(group * 6, group * 6 + 6));
  it.concurrent.each(groups)(
    'recipes %i, %i, %i, %i, %i, %i',
    async (...group) => {
      let changes = 0;
      for (const seed of group) changes += await planThenApply(seed);
      expect(changes).toBeGreaterThan(10);
    },
    60_000,
  );
});
