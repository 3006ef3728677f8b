import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Artefact, Artefacts } from '../../src/artefacts/artefact.ts';
import { boxFolder, finishedBox } from '../../src/box/box.ts';
import { readRecipe } from '../../src/box/recipe.ts';

const recipe = readRecipe();
let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'hardway-box-'));
  process.env.HARDWAY_CACHE = cache;
});
afterEach(() => {
  delete process.env.HARDWAY_CACHE;
  rmSync(cache, { recursive: true });
});

function artefacts(...digests: string[]): Artefacts {
  const all = digests.map((sha256, index): Artefact => {
    const name = `program-${index}`;
    return {
      name,
      version: '1.0.0',
      kind: 'binary',
      file: `/tmp/${name}`,
      sha256,
      size: 1,
      source: 'modules',
    };
  });
  return { all: () => all, get: () => all[0]! };
}

describe('boxFolder', () => {
  it.each([
    ['nothing inside', boxOf()],
    ['another digest', boxOf(artefacts('aa', 'cc'))],
    ['one artefact less', boxOf(artefacts('aa'))],
    ["the container's configuration", () => boxFolder({ ...recipe, lxc: [] }, artefacts('aa', 'bb'))],
  ])('is another one with %s', (_, other) => {
    expect(other()).not.toBe(boxFolder(recipe, artefacts('aa', 'bb')));
  });

  it('does not depend on the order of the artefacts', () => {
    const two = artefacts('aa', 'bb');
    const reversed: Artefacts = { ...two, all: () => two.all().toReversed() };
    expect(boxFolder(recipe, reversed)).toBe(boxFolder(recipe, two));
  });
});

describe('finishedBox', () => {
  it('finds what a build left in the cache, and nothing before', () => {
    expect(finishedBox(recipe)).toBeUndefined();
    const box = { name: 'hardway/debian-12.12', version: '12.12.1', file: 'f', catalog: 'c', id: 'i' };
    mkdirSync(boxFolder(recipe), { recursive: true });
    writeFileSync(join(boxFolder(recipe), 'box.json'), JSON.stringify(box));
    expect(finishedBox(recipe)).toEqual(box);
  });
});

function boxOf(content?: Artefacts): () => string {
  return () => boxFolder(recipe, content);
}
