import { existsSync, readFileSync } from 'node:fs';
import { loadCluster } from '../cluster/load.ts';
import { packageRoot } from '../package-root.ts';
import type { Product } from './product.ts';
import type { Verb } from './verb.ts';
import { nameOf, type Words, wordsOf } from './words.ts';

/** What the last of these words, perhaps only begun, may be. The shell picks those that fit. */
export async function candidates(
  words: readonly string[],
  verbs: readonly Verb[],
  product: Product,
): Promise<readonly string[]> {
  const verb = verbs.find((each) => words.slice(0, -1).includes(nameOf(each)));
  if (verb === undefined) return verbs.filter(({ describe }) => describe !== false).map(nameOf);
  if (nameOf(verb) === 'help') return candidates([], verbs, product);
  const known = wordsOf(verb);
  const last = words.at(-1) ?? '';
  if (last.startsWith('-')) return known.options.map((option) => `--${option}`);
  const before = words.at(-2) ?? '';
  const option = before.startsWith('--') ? before.slice(2) : undefined;
  const place =
    option !== undefined && !known.switches.includes(option) ? option : placeOf(words, verb, known);
  if (place === undefined) return [];
  return known.choices[place] ?? meanings(`${nameOf(verb)} ${place}`, place, { words, product });
}

/** The place that the last word would take; several words may stand in the last one. */
function placeOf(words: readonly string[], verb: Verb, { places, switches }: Words): string | undefined {
  const after = words.slice(words.indexOf(nameOf(verb)) + 1, -1);
  const taken = after.filter((word, index) => {
    const owner = after[index - 1];
    const isValue = owner?.startsWith('--') && !owner.includes('=') && !switches.includes(owner.slice(2));
    return !word.startsWith('-') && !isValue;
  }).length;
  return (
    places[taken] ?? (verb.usage.endsWith('..]') || verb.usage.endsWith('..>') ? places.at(-1) : undefined)
  );
}

interface Context {
  readonly words: readonly string[];
  readonly product: Product;
}

type Source = (context: Context) => readonly string[] | Promise<readonly string[]>;

const machines: Source = ({ words }) => described(words)?.nodes.map(({ name }) => name) ?? [];
const phases: Source = async ({ words, product }) => {
  const cluster = described(words);
  return cluster === undefined ? [] : (await product.phases(cluster)).map(({ name }) => name);
};
const checks: Source = async ({ product }) => {
  const [{ describe }, more] = await Promise.all([product.probes(), product.checks()]);
  return [...Object.keys(describe), ...Object.keys(more)];
};
const addons: Source = () => {
  const text = readFileSync(new URL('schemas/cluster.schema.json', packageRoot), 'utf8');
  const schema = JSON.parse(text) as { properties: { addons: { properties: Record<string, unknown> } } };
  return Object.keys(schema.properties.addons.properties).filter((name) => name !== 'waitForNodes');
};

/** What may stand at a place, by its name; first those that mean something else with one verb. */
const SOURCES: Readonly<Record<string, Source>> = {
  ...{
    'node name': machines,
    'phase name': phases,
    'explain thing': phases,
    'verify what': checks,
    'pki names': machines,
  },
  ...{ 'addons name': addons, 'addons names': addons, 'addon name': addons },
  ...{ machine: machines, on: machines, only: phases, skip: phases, from: phases, phase: phases },
};

const meanings = (special: string, general: string, context: Context) =>
  (SOURCES[special] ?? SOURCES[general])?.(context) ?? [];

function described(words: readonly string[]): ReturnType<typeof loadCluster> | undefined {
  const flag = words.findIndex((word) => word === '--file' || word === '-f');
  const file = flag === -1 ? 'cluster.json' : (words[flag + 1] ?? '');
  return existsSync(file) ? loadCluster(file) : undefined;
}
