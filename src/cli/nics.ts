import { contains, parseRange } from '../cluster/ranges.ts';
import { MachineError } from '../errors.ts';

/** One IPv4 address of a machine. */
export interface Nic {
  readonly nic: string;
  readonly address: string;
  /** The NIC leads outside: the way of everything that no other route takes. */
  readonly outside: boolean;
}

/** From what `ip` prints of addresses and the default route, each on one line. */
export function readNics(output: string): Nic[] {
  const lines = output.split('\n').map((line) => line.trim().split(/\s+/));
  const leading = lines.flatMap((words) => (words[0] === 'default' ? [words[words.indexOf('dev') + 1]] : []));
  return lines.flatMap(([number = '', nic = '', family, range = '']) =>
    /^\d+:$/.test(number) && family === 'inet'
      ? [{ nic, address: range.split('/')[0] ?? '', outside: leading.includes(nic) }]
      : [],
  );
}

/**
 * The address with which a machine takes part: that of the NIC which is named, otherwise the one inside the machines'
 * range; a NIC that leads outside only when no other has one. Throws MachineError with those that are there.
 */
export function addressOn(
  machine: string,
  there: readonly Nic[],
  named: string | null,
  machineCidr: string,
): Pick<Nic, 'nic' | 'address'> {
  const range = parseRange(machineCidr);
  const inside = there.filter(
    ({ nic, address }) => contains(range, address) && (named === null || nic === named),
  );
  const [first, ...more] = inside.some(({ outside }) => !outside)
    ? inside.filter(({ outside }) => !outside)
    : inside;
  const all = there.map(({ nic, address }) => `${nic} ${address}`).join(', ') || 'none';
  if (first === undefined) {
    const on = named === null ? '' : ` on ${named}`;
    throw new MachineError(machine, `has no address in ${machineCidr}${on}; there are ${all}`, {
      remedy: 'Correct network.machineCidr, or the interface of this node, in cluster.json.',
    });
  }
  if (more.length > 0) {
    throw new MachineError(machine, `has several addresses in ${machineCidr}; there are ${all}`, {
      remedy: 'Say which in cluster.json: "interface" or "address".',
    });
  }
  return { nic: first.nic, address: first.address };
}
