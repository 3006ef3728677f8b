import { brief } from '../report/brief.ts';
import type { Event } from '../report/event.ts';
import type { Entry } from '../state/journal.ts';
import type { Explanation } from './product.ts';

type Change = Extract<Event, { type: 'change' }>;

/** One change of one thing, with what cluster.json said otherwise when it was made. */
export interface Occasion {
  readonly time: string;
  readonly run: string;
  readonly change: Change;
  /** Keys that differed from the run before and that the thing follows from. */
  readonly because: readonly {
    readonly key: string;
    readonly was: string | null;
    readonly is: string | null;
  }[];
}

/** Every time that one thing on one machine was changed, oldest first. */
export function history(entries: readonly Entry[], machine: string, { id, keys }: Explanation): Occasion[] {
  const described = new Map(
    entries.flatMap((entry) => (entry.type === 'described' ? [[entry.run, entry.keys]] : [])),
  );
  const follows = (key: string): boolean => keys.some((one) => key === one || key.startsWith(`${one}.`));
  return entries.flatMap((entry) => {
    if (entry.type !== 'change' || entry.machine !== machine || entry.resource !== id) return [];
    const because = (described.get(entry.run) ?? []).filter(({ key }) => follows(key));
    return [{ time: entry.time, run: entry.run, change: entry, because }];
  });
}

/** For people: what it is, then each occasion. */
export function tellHistory(
  { id, phase, docs, why, keys }: Explanation,
  occasions: readonly Occasion[],
): string {
  return [
    id,
    ...(why === '' ? [] : [`  why       ${why}`]),
    `  phase     ${phase}  ${docs}`,
    `  follows   ${keys.length === 0 ? 'no key of cluster.json' : keys.join(', ')}`,
    ...(occasions.length === 0
      ? ['  history   no run of this host has changed it']
      : occasions.flatMap(tell)),
  ].join('\n');
}

function tell({ time, change, because }: Occasion): string[] {
  const { differences, lines = [], disturbs = [] } = change;
  const made = differences.find(({ key }) => key === 'present');
  const how =
    made === undefined
      ? differences.map(({ key, now, wanted }) => `${key}: ${brief(now)} → ${brief(wanted)}`)
      : [made.wanted === true ? 'made' : 'taken away'];
  return [
    `  ${local(time)}  ${how.join(', ')}`,
    ...because.map(({ key, was, is }) => `      because   ${key}: ${was ?? 'not set'} → ${is ?? 'not set'}`),
    ...[...lines, ...disturbs].map((line) => `      ${line}`),
  ];
}

const local = (time: string): string => new Date(time).toLocaleString('sv-SE');
