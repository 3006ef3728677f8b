import { describe, expect, it } from 'vitest';
import { placesOf } from '../../src/cli/addresses.ts';

const RANGE = '192.168.0.0/16';

/** NICs by name with their addresses, and with which of them each peer is reached. */
interface Kind {
  readonly nics: Readonly<Record<string, string>>;
  readonly named?: string | null;
  readonly reaches?: Readonly<Record<string, string>>;
}

/** Answers as a machine does, and keeps which peers it was asked about. */
function machine([name, { nics, named = null, reaches = {} }]: [string, Kind], index: number) {
  const asked: string[] = [];
  const addresses = Object.entries(nics).map(([nic, address]) => `2: ${nic} inet ${address}/24 scope global`);
  return {
    ...{ index, name, named, asked },
    async ask(question: string): Promise<string> {
      const peers = /^for peer in ([^;]*);/.exec(question)?.[1];
      if (peers === undefined) return [...addresses, 'default via 10.0.3.1 dev eth0'].join('\n');
      const all = peers.split(' ').filter((peer) => peer !== '');
      asked.push(...all);
      const source = (peer: string) => nics[reaches[peer] ?? ''];
      return all
        .map((peer) =>
          source(peer) === undefined ? 'unreachable' : `${peer} dev x src ${source(peer)} uid 0`,
        )
        .join('\n');
    },
  };
}

const nat = { eth0: '10.0.3.17' };
const clear: Kind = { nics: { ...nat, eth1: '192.168.1.11' } };
const open = (reaches: Kind['reaches'] = {}): Kind => ({
  nics: { ...nat, eth1: '192.168.2.12', eth2: '192.168.1.12' },
  reaches,
});
const refusal =
  'b: has several addresses in 192.168.0.0/16; there are eth0 10.0.3.17, eth1 192.168.2.12, eth2 192.168.1.12';

describe('where several addresses fit', () => {
  it.each<[string, Record<string, Kind>, string[], string[] | string]>([
    [
      'the one is taken that leads to a machine of which it is clear',
      { a: clear, b: open({ '192.168.1.11': 'eth2' }) },
      [],
      ['a eth1 192.168.1.11', 'b eth2 192.168.1.12'],
    ],
    [
      'or to those in cluster.json',
      { b: open({ '192.168.1.20': 'eth1', '192.168.1.21': 'eth1' }) },
      ['192.168.1.20', '192.168.1.21'],
      ['b eth1 192.168.2.12'],
    ],
    [
      'a named NIC makes it clear',
      { a: { ...open(), named: 'eth2' }, b: open({ '192.168.1.12': 'eth1' }) },
      [],
      ['a eth2 192.168.1.12', 'b eth1 192.168.2.12'],
    ],
    [
      'peers that are reached differently decide nothing',
      { a: clear, b: open({ '192.168.1.11': 'eth1', '192.168.1.20': 'eth2' }) },
      ['192.168.1.20'],
      refusal,
    ],
    ['nor does one by way of NAT', { a: clear, b: open({ '192.168.1.11': 'eth0' }) }, [], refusal],
    ['nor one that is not reached', { a: clear, b: open() }, [], refusal],
    ['nor a machine that is as unclear', { b: open(), c: open() }, [], refusal],
  ])('%s', async (_, kinds, known, expected) => {
    const places = placesOf(Object.entries(kinds).map(machine), RANGE, known);
    if (typeof expected === 'string') return expect(places).rejects.toThrow(expected);
    const told = (await places).map(({ name, nic, address }) => `${name} ${nic} ${address}`);
    expect(told).toEqual(expected);
  });

  it('each is asked about all others that are known, and who is clear about nobody', async () => {
    const kinds = { a: clear, b: open({ '192.168.1.11': 'eth2', '192.168.1.20': 'eth2' }) };
    const machines = Object.entries(kinds).map(machine);
    await placesOf(machines, RANGE, ['192.168.1.20']);
    expect(machines.map(({ asked }) => asked)).toEqual([[], ['192.168.1.20', '192.168.1.11']]);
  });
});
