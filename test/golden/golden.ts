/** Files kept beside the tests that show what the recipe makes. HARDWAY_RECORD=1 writes them anew. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';

export type Files = Readonly<Record<string, string>>;

/** Compares with everything below test/golden/<folder>: no file more, none less, each byte for byte. */
export function expectGolden(folder: string, files: Files): void {
  const place = join(import.meta.dirname, folder);
  if (process.env['HARDWAY_RECORD'] === '1') {
    record(place, files);
    expect.fail(`recorded ${folder}: look at the difference, then run again without HARDWAY_RECORD`);
  }
  expect(sorted(files)).toEqual(sorted(recorded(place)));
}

function record(place: string, files: Files): void {
  rmSync(place, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(place, name)), { recursive: true });
    writeFileSync(join(place, name), content);
  }
}

function recorded(place: string): Files {
  if (!existsSync(place)) return {};
  const names = readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    names.map((name) => [name.slice(place.length + 1), readFileSync(name, 'utf8')]),
  );
}

const sorted = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
