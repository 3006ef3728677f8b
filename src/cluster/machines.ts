/** The entries of `nodes` as single machines with names and addresses. */
import { planSlots } from './address-plan.ts';
import type { Entry } from './entry.ts';
import { machineNames, ownAddress } from './entry.ts';
import { nth, plus } from './ranges.ts';
import type { Range } from './ranges.ts';

export interface Machine {
  /** Index of its entry in `nodes`. */
  readonly entry: number;
  /** Undefined where the entry does not say it rightly. */
  readonly name: string | undefined;
  readonly address: string | undefined;
}

/** All machines in the order of the file. */
export function expand(entries: readonly Entry[], range: Range | undefined): readonly Machine[] {
  const slots = range === undefined ? [] : planSlots(entries, range);
  return entries.flatMap((entry, index) => {
    const slot = slots[index];
    const planned = range && slot && nth(range, slot.from);
    const first = ownAddress(entry, range) ?? planned;
    return machineNames(entry).map((name, place) => ({
      entry: index,
      name,
      address: first && plus(first, place),
    }));
  });
}
