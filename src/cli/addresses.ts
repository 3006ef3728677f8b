import { type Script, sh } from '../connection/quote.ts';
import { addressOn, fitting, readNics, readSources } from './nics.ts';

/** A machine whose address nobody has told. */
export interface Placeless {
  /** Its place in `nodes`. */
  readonly index: number;
  readonly name: string;
  /** The NIC that cluster.json names. */
  readonly named: string | null;
  ask(question: Script): Promise<string>;
}

export interface Place extends Pick<Placeless, 'index' | 'name'> {
  readonly nic: string;
  readonly address: string;
}

/**
 * The address with which each machine takes part. Where several fit it is asked once more: how it reaches the peers
 * whose addresses are known by then. Throws MachineError for the first that still has several, or has none.
 */
export async function placesOf(
  machines: readonly Placeless[],
  machineCidr: string,
  known: readonly string[],
): Promise<Place[]> {
  const surveyed = await Promise.all(
    machines.map(async (machine) => ({ ...machine, there: readNics(await machine.ask(nics)) })),
  );
  const clear = surveyed.map((machine) => fitting(machine, machineCidr)).filter(({ length }) => length === 1);
  const peers = [...known, ...clear.flat().map(({ address }) => address)];
  return Promise.all(
    surveyed.map(async (machine) => {
      const { index, name, ask } = machine;
      const isOpen = fitting(machine, machineCidr).length > 1;
      const sources = isOpen ? readSources(await ask(routes(peers))) : [];
      return { index, name, ...addressOn(machine, machineCidr, sources) };
    }),
  );
}

const nics = sh`ip -o -4 address show scope global; ip -o -4 route show default`;
const routes = (peers: readonly string[]): Script =>
  sh`for peer in ${peers}; do ip -o -4 route get $peer || echo unreachable; done`;
