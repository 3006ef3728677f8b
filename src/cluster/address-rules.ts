/** Rules over the addresses and names that the machines end up with. */
import { planSlots } from './address-plan.ts';
import type { Entry } from './entry.ts';
import { areaOf, endpointOf, machineCount, ownAddress, sshOf } from './entry.ts';
import type { Machine } from './machines.ts';
import { expand } from './machines.ts';
import type { Finding } from './problem.ts';
import { contains, nth, plus, size, span } from './ranges.ts';
import type { Range } from './ranges.ts';

export function addressFindings(entries: readonly Entry[], range: Range | undefined): readonly Finding[] {
  const machines = expand(entries, range);
  return [
    ...twice(machines, 'name', entries),
    ...twice(machines, 'address', entries),
    ...(range === undefined ? [] : entries.flatMap((entry, index) => outside(entry, index, range))),
    ...(range === undefined ? [] : withoutPlace(entries, range)),
  ];
}

/** One finding for each pair of entries that share a name or an address, at the later one. */
function twice(
  machines: readonly Machine[],
  what: 'name' | 'address',
  entries: readonly Entry[],
): readonly Finding[] {
  const first = new Map<string, Machine>();
  const told = new Set<string>();
  return machines.flatMap((machine) => {
    const value = machine[what];
    const earlier = value === undefined ? undefined : first.get(value);
    if (value !== undefined && earlier === undefined) first.set(value, machine);
    if (earlier === undefined || earlier.entry === machine.entry) return [];
    const pair = `${earlier.entry} ${machine.entry}`;
    if (told.has(pair)) return [];
    told.add(pair);
    const isWritten = entries[machine.entry]?.[what] !== undefined;
    const path = isWritten ? ['nodes', machine.entry, what] : ['nodes', machine.entry];
    return [{ path, at: 'value', message: `the ${what} "${value}" is taken by nodes[${earlier.entry}]` }];
  });
}

/** What is wrong with the address that an entry gives itself. */
function outside(entry: Entry, index: number, range: Range): readonly Finding[] {
  const first = ownAddress(entry, range);
  if (entry === undefined) return [];
  if (first === undefined) {
    const why = 'address' in entry ? undefined : withoutAddress(entry, range);
    const message = `"address" is needed: ${why}`;
    return why === undefined ? [] : [{ path: ['nodes', index], at: 'value', message }];
  }
  const complain = (message: string): readonly Finding[] => [
    { path: ['nodes', index, entry.address === undefined ? 'ssh' : 'address'], at: 'value', message },
  ];
  const broadcast = nth(range, size(range) - 1);
  if (!contains(range, first)) return complain(`${first} is not inside network.machineCidr ${span(range)}`);
  if (first === nth(range, 0)) return complain(`${first} is the network's own address`);
  if (first === broadcast) return complain(`${first} is the broadcast address`);
  if (first === nth(range, 1) && sshOf(entry) === undefined) {
    return complain(`${first} belongs to the computer that hosts the machines`);
  }
  const last = plus(first, machineCount(entry) - 1);
  if (contains(range, last) && last !== broadcast) return [];
  return complain(
    `${machineCount(entry)} machines from ${first} on do not fit into network.machineCidr ${span(range)}`,
  );
}

/** Why the way to a machine does not tell its address; undefined when that is wrong, or there is none. */
function withoutAddress(entry: Entry, range: Range): string | undefined {
  if (sshOf(entry)?.entry === 'local') return 'which of its addresses the cluster shall use';
  const host = endpointOf(entry)?.host;
  const inside = `inside network.machineCidr ${span(range)}`;
  return host === undefined
    ? undefined
    : `the SSH host ${host} is no address ${inside}; to ask the machine: hardway node locate`;
}

/** Entries for which the plan has no address, or too few. */
function withoutPlace(entries: readonly Entry[], range: Range): readonly Finding[] {
  const slots = planSlots(entries, range);
  return entries.flatMap((entry, index) => {
    const isPlanned = entry !== undefined && !('address' in entry) && !('ssh' in entry);
    if (!isPlanned || areaOf(entry) === undefined) return [];
    const slot = slots[index];
    const count = machineCount(entry);
    const path = ['nodes', index];
    if (slot === undefined) {
      const message = `"address" is needed: in a range smaller than /24 a growing entry before this one would renumber it`;
      return [{ path, at: 'value', message }];
    }
    if (slot.to - slot.from + 1 >= count) return [];
    const room = `from ${nth(range, slot.from)} to ${nth(range, slot.to)}`;
    const message = `${count === 1 ? 'its machine does' : `${count} machines do`} not fit ${room}; give the entry an "address"`;
    return [{ path, at: 'value', message }];
  });
}
