import { type Field, fieldPaths, fieldsCalled } from '../src/cluster/fields.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { nearest } from '../src/cluster/suggest.ts';
import type { Told } from '../src/cli/product.ts';
import { commandLines } from './command-lines.ts';
import { FLAGS } from './flags.ts';
import { influences, wantedBy } from './influences.ts';
import { phases } from './recipe.ts';
import { roleTold } from './role.ts';
import type { Wanted } from './unasked.ts';

/**
 * Everything there is to say about a phase, a flag, a file, a unit, an object, a field of cluster.json, or (after
 * "role") a role.
 */
export function explained(cluster: Cluster, words: readonly string[]): readonly Told[] {
  const [word = '', more] = words;
  if (word === 'role') return roleTold(cluster, more ?? '');
  const others = phaseOrThing(cluster, word);
  // Some sections are called like what they are for.
  const fields = fieldsCalled(word).filter(({ path }) => others.length === 0 || path === word);
  return [...others, ...fields.map((field) => fieldTold(cluster, field))];
}

function phaseOrThing(cluster: Cluster, word: string): readonly Told[] {
  const all = cluster.nodes.map(({ name }) => name);
  const phase = phases(cluster, all, []).find(({ name }) => name === word);
  if (phase !== undefined) return [phaseTold(cluster, phase)];
  const things = word.startsWith('--') ? [] : thingTold(cluster, word);
  return things.length > 0 ? things : flagTold(cluster, flagIn(word));
}

/** What was probably meant by a word that nothing is called. */
export function meantBy(cluster: Cluster, word: string): string | undefined {
  const names = phases(cluster, [], []).map(({ name }) => name);
  const flags = Object.values(FLAGS).flatMap((program) => Object.keys(program.flags));
  const things = everywhere(cluster).map(({ wanted }) => nameIn(wanted.resource.id));
  return nearest(word, [...names, ...flags.map((flag) => `--${flag}`), ...things, ...fieldPaths]);
}

const flagIn = (word: string): string => word.replace(/^-+|=.*$/g, '');
const nameIn = (id: string): string => id.slice(id.indexOf(':') + 1);

function phaseTold(cluster: Cluster, phase: ReturnType<typeof phases>[number]): Told {
  const things = everywhere(cluster).filter(({ wanted }) => wanted.phase === phase.name);
  return {
    title: `phase ${phase.name}`,
    says: `${phase.title}.`,
    facts: [
      ['on', phase.on.join(', ')],
      ...(phase.needs ?? []).map(({ description }): [string, string] => ['needs', description]),
      ...phase.stages.map(({ title }): [string, string] => ['stage', title]),
      ...unique(things.map(({ wanted }) => wanted.resource.id)).map((id): [string, string] => ['makes', id]),
      ['page', phase.docs ?? ''],
    ],
  };
}

function flagTold(cluster: Cluster, flag: string): Told[] {
  return commandLines(cluster)
    .filter(({ flags }) => flags.has(flag))
    .map(({ machine, program, file, flags }) => {
      const table = FLAGS[program];
      return {
        title: `${program} --${flag}`,
        says: table?.flags[flag] ?? `Comes from controlPlane.extraArgs.${program} in cluster.json.`,
        facts: [
          ['value', `${flags.get(flag) ?? ''} (${machine})`],
          ['file', file],
          ...keysBehind(cluster, machine, `file:${file}`),
          ['page', table?.docs ?? ''],
        ],
      };
    });
}

function fieldTold(cluster: Cluster, field: Field): Told {
  return {
    title: `${field.path} in cluster.json`,
    says: field.description,
    facts: [
      ['allowed', field.allowed],
      ['default', field.default === undefined ? '' : JSON.stringify(field.default)],
      ...field.examples.map((example): [string, string] => ['example', JSON.stringify(example)]),
      ...valuesOf(cluster, field.path.split('.')).map((value): [string, string] => ['here', value]),
      ...field.keys.map((key): [string, string] => ['has', key]),
      ['variable', field.variable ?? ''],
    ],
  };
}

/** What counts in this cluster, with its defaults; of machines once for all that have the same. */
function valuesOf(cluster: Cluster, [section = '', ...steps]: readonly string[]): string[] {
  if (section !== 'nodes') return plain(steps.reduce(inside, inside(cluster, section)));
  const told = cluster.nodes.flatMap((node) =>
    plain(steps.reduce(inside, node)).map((value) => ({ value, name: node.name })),
  );
  return unique(told.map(({ value }) => value)).map((value) => {
    const names = told.filter((one) => one.value === value).map(({ name }) => name);
    return `${value} (${names.join(', ')})`;
  });
}

const inside = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

/** Single values and lists of them; of a section its fields tell. */
const plain = (value: unknown): string[] =>
  (Array.isArray(value) ? value : [value]).every((one) =>
    ['string', 'number', 'boolean'].includes(typeof one),
  )
    ? [JSON.stringify(value)]
    : [];

/** Once for all machines that have it; the keys are those of the first. */
function thingTold(cluster: Cluster, word: string): Told[] {
  const found = everywhere(cluster).filter(({ wanted }) => isCalled(wanted.resource.id, word));
  return unique(found.map(({ wanted }) => wanted.resource.id)).map((id) => {
    const [first, ...others] = found.filter(({ wanted }) => wanted.resource.id === id);
    const { machine, wanted } = first!;
    const { desired, why } = wanted.resource;
    const rights = [desired?.['mode'], desired?.['owner']].filter((one) => one !== undefined).join(' ');
    const flags = commandLines(cluster).find(
      (line) => line.machine === machine && id === `file:${line.file}`,
    );
    return {
      title: id,
      says: why ?? `Part of the phase ${wanted.phase}.`,
      facts: [
        ['phase', wanted.phase],
        ['on', unique([first!, ...others].map((one) => one.machine)).join(', ')],
        ...(rights === '' ? [] : ([['rights', rights]] as const)),
        ...[...(flags?.flags.keys() ?? [])].map((flag): [string, string] => ['flag', `--${flag}`]),
        ...keysBehind(cluster, machine, id),
        ['page', wanted.docs],
      ],
    };
  });
}

/** Found out by asking for many clusters: of one unit with many flags once. */
const known = new WeakMap<Cluster, Map<string, [string, string][]>>();

function keysBehind(cluster: Cluster, machine: string, id: string): [string, string][] {
  const ofCluster = known.get(cluster) ?? new Map<string, [string, string][]>();
  known.set(cluster, ofCluster);
  const name = `${machine} ${id}`;
  const found =
    ofCluster.get(name) ??
    (influences(cluster, machine, [id]).get(id) ?? []).map((key): [string, string] => ['key', key]);
  ofCluster.set(name, found);
  return found;
}

/** "kubelet" names its service and its unit file. */
function isCalled(id: string, word: string): boolean {
  const name = nameIn(id);
  const last = name.slice(name.lastIndexOf('/') + 1);
  return [id, name, last].includes(word) || last === `${word}.service`;
}

const everywhere = (cluster: Cluster): { machine: string; wanted: Wanted }[] =>
  cluster.nodes.flatMap(({ name }) => wantedBy(cluster, name).map((wanted) => ({ machine: name, wanted })));

const unique = (all: readonly string[]): string[] => [...new Set(all)];
