/** Which host numbers of the machine range the entries of `nodes` take when they do not say it themselves. */
import type { Area, Entry } from './entry.ts';
import { areaOf, isCounted } from './entry.ts';
import { size } from './ranges.ts';
import type { Range } from './ranges.ts';

/** Host numbers an entry may use, both ends included. */
export interface Slot {
  readonly from: number;
  readonly to: number;
}

type Slots = readonly (Slot | undefined)[];

const areas: readonly Area[] = ['master', 'etcd', 'minion'];
/** Where each area begins; it ends where the next one begins, the last one with the range. */
const areaStarts = { master: 11, etcd: 51, minion: 101 };
const blockSize = 20;

/**
 * A slot for each entry, by the entry's index; undefined where none can be given. It depends on the order of the
 * entries and on which of them have a count, never on how large a count is: growing one moves nobody.
 */
export function planSlots(entries: readonly Entry[], range: Range): Slots {
  return isSmall(range) ? inSequence(entries, range) : inBlocks(entries, range);
}

/** Too small for areas and blocks. */
export function isSmall(range: Range): boolean {
  return range.prefix > 24;
}

/** Every entry with a count has a block in its area; those without share one. The last block ends with the area. */
function inBlocks(entries: readonly Entry[], range: Range): Slots {
  const slots: (Slot | undefined)[] = entries.map(() => undefined);
  const ends = { master: areaStarts.etcd - 1, etcd: areaStarts.minion - 1, minion: lastNumber(range) };
  for (const area of areas) {
    const members = [...entries.keys()].filter((index) => areaOf(entries[index]) === area);
    const singles = members.filter((index) => !isCounted(entries[index]));
    const owners = members.filter((index) => isCounted(entries[index]) || index === singles[0]);
    for (const [block, owner] of owners.entries()) {
      const from = areaStarts[area] + block * blockSize;
      const to = block === owners.length - 1 ? ends[area] : from + blockSize - 1;
      const sharers = owner === singles[0] ? singles : [owner];
      for (const [place, index] of sharers.entries()) slots[index] = { from: from + place, to };
    }
  }
  return slots;
}

/** One after another from 2 on, masters first, up to the first pool: nobody can be safe behind one that may grow. */
function inSequence(entries: readonly Entry[], range: Range): Slots {
  const slots: (Slot | undefined)[] = entries.map(() => undefined);
  const order = areas.flatMap((area) =>
    [...entries.keys()].filter((index) => areaOf(entries[index]) === area),
  );
  let next = 2;
  for (const index of order) {
    const entry = entries[index];
    if (isCounted(entry) && entry !== undefined && 'address' in entry) continue;
    slots[index] = { from: next, to: lastNumber(range) };
    if (isCounted(entry)) return slots;
    next += 1;
  }
  return slots;
}

/** The number before the broadcast address. */
function lastNumber(range: Range): number {
  return size(range) - 2;
}
