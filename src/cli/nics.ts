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

/** From what `ip` prints of the ways to peers, each on one line: with which address each is reached; '' when none is. */
export const readSources = (output: string): string[] =>
  output.split('\n').flatMap((line) => (line === '' ? [] : [/ src (\S+)/.exec(line)?.[1] ?? '']));

/** A machine and what it says of itself. */
export interface Surveyed {
  readonly name: string;
  /** The NIC that cluster.json names. */
  readonly named: string | null;
  readonly there: readonly Nic[];
}

/**
 * The addresses with which a machine may take part: that of the NIC which is named, otherwise those inside the machines'
 * range; of a NIC that leads outside only when no other has one.
 */
export function fitting({ named, there }: Surveyed, machineCidr: string): readonly Nic[] {
  const range = parseRange(machineCidr);
  const inside = there.filter(
    ({ nic, address }) => contains(range, address) && (named === null || nic === named),
  );
  const among = inside.filter(({ outside }) => !outside);
  return among.length > 0 ? among : inside;
}

/**
 * The one that fits; of several that with which every peer is reached, unless its NIC leads outside. Throws MachineError
 * with those that are there.
 */
export function addressOn(
  machine: Surveyed,
  machineCidr: string,
  sources: readonly string[] = [],
): Pick<Nic, 'nic' | 'address'> {
  const { name, named, there } = machine;
  const fits = fitting(machine, machineCidr);
  const reaching = fits.filter(
    ({ address, outside }) => !outside && sources.every((source) => source === address),
  );
  const [first, ...more] = reaching.length === 1 ? reaching : fits;
  const all = there.map(({ nic, address }) => `${nic} ${address}`).join(', ') || 'none';
  if (first === undefined) {
    const on = named === null ? '' : ` on ${named}`;
    throw new MachineError(name, `has no address in ${machineCidr}${on}; there are ${all}`, {
      remedy: 'Correct network.machineCidr, or the interface of this node, in cluster.json.',
    });
  }
  if (more.length > 0) {
    throw new MachineError(name, `has several addresses in ${machineCidr}; there are ${all}`, {
      remedy: 'Say which in cluster.json: "interface" or "address".',
    });
  }
  return { nic: first.nic, address: first.address };
}
