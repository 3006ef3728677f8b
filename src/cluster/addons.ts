/** What may stand under "addons": names that Hardway knows, and any other name with a chart. */
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };
import type { AddonEntry, ChartEntry } from './description.ts';
import type { AddonValues, Cluster } from './model.ts';
import type { Finding } from './problem.ts';
import { nearest } from './suggest.ts';

type Entries = Readonly<Record<string, AddonEntry | undefined>>;

const { waitForNodes: _, ...builtIn } = schema.properties.addons.properties;
const builtInNames = Object.keys(builtIn);
const known = [...builtInNames, 'waitForNodes'];

/** Those that are on; `true` is an add-on that nothing else is said of. */
export const builtInOf = (entries: Entries): Readonly<Record<string, AddonValues>> =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) => {
      if (!builtInNames.includes(name)) return [];
      if (value === true) return [[name, {}]];
      return typeof value === 'object' ? [[name, value]] : [];
    }),
  );

export const chartsOf = (entries: Entries): Readonly<Record<string, ChartEntry>> =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, value]) =>
      !known.includes(name) && isChart(value) ? [[name, value]] : [],
    ),
  );

/** With every key where people write it. */
export const asWritten = ({ addons, charts, waitForNodes, ...others }: Cluster): object => ({
  ...others,
  addons: { waitForNodes, ...addons, ...charts },
});

/** Names that are neither ours nor those of charts: the schema would only miss the chart. */
export function unknownAddons(data: unknown): readonly Finding[] {
  const entries = field(data, 'addons');
  if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) return [];
  return Object.entries(entries)
    .filter(([name, value]) => !known.includes(name) && !isChart(value))
    .map(([name]) => ({
      ...{ path: ['addons', name], at: 'key', message: 'unknown add-on' },
      suggestion: nearest(name, known),
      allowed: `${known.join(', ')}, or any name with a "chart"`,
    }));
}

const isChart = (value: unknown): value is ChartEntry => field(value, 'chart') !== undefined;

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
