import { describe, expect, it } from 'vitest';
import { addressOn, fitting, type Nic, readNics, readSources } from '../../src/cli/nics.ts';

/** What ip prints on a machine with a NAT NIC, one for its peers, and one more. */
const said = `2: eth0    inet 10.0.3.17/24 brd 10.0.3.255 scope global dynamic eth0\\       valid_lft 3401sec preferred_lft 3401sec
3: eth1    inet 192.168.56.11/24 brd 192.168.56.255 scope global eth1\\       valid_lft forever preferred_lft forever
4: ens4    inet 10.9.0.5/16 scope global ens4\\       valid_lft forever preferred_lft forever
default via 10.0.3.1 dev eth0`;
const there = readNics(said);
const all = 'there are eth0 10.0.3.17, eth1 192.168.56.11, ens4 10.9.0.5';
const m = (named: string | null, nics: readonly Nic[] = there) => ({ name: 'm', named, there: nics });

describe('the address with which a machine takes part', () => {
  it.each([
    ['inside the range', null, '192.168.56.0/24', 'eth1 192.168.56.11'],
    ['of the NIC that is named', 'ens4', '10.0.0.0/8', 'ens4 10.9.0.5'],
    ['not that of the NIC which leads outside', null, '10.0.0.0/8', 'ens4 10.9.0.5'],
    ['that one when it is named', 'eth0', '10.0.0.0/8', 'eth0 10.0.3.17'],
    ['or when there is no other', null, '10.0.3.0/24', 'eth0 10.0.3.17'],
  ])('is the one %s', (_, named, range, expected) => {
    const { nic, address } = addressOn(m(named), range);
    expect(`${nic} ${address}`).toBe(expected);
  });

  it.each([
    ['eth7', '192.168.56.0/24', `m: has no address in 192.168.56.0/24 on eth7; ${all}`],
    [null, '172.16.0.0/16', `m: has no address in 172.16.0.0/16; ${all}`],
    [null, '0.0.0.0/0', `m: has several addresses in 0.0.0.0/0; ${all}`],
  ])('of %s in %s is refused with those that are there', (named, range, message) => {
    expect(() => addressOn(m(named), range)).toThrow(message);
  });

  it('is none on a machine without any', () => {
    expect(() => addressOn(m(null, readNics('')), '10.0.0.0/8')).toThrow('there are none');
  });
});

describe('of several the one that reaches the peers', () => {
  const nic = (name: string, address: string, outside = false): Nic => ({ nic: name, address, outside });
  const two = [nic('eth0', '10.0.3.17', true), nic('eth1', '10.1.0.5'), nic('eth2', '10.2.0.5')];
  const nats = [nic('eth0', '10.0.3.17', true), nic('eth1', '10.1.0.5', true)];
  const twice = [nic('eth1', '10.1.0.5'), nic('eth1', '10.1.0.6'), nic('eth2', '10.2.0.5')];
  const refused = 'has several addresses';

  it.each<[string, readonly Nic[], string | null, readonly string[], string]>([
    ['all of them', two, null, ['10.2.0.5', '10.2.0.5'], 'eth2 10.2.0.5'],
    ['the only one', two, null, ['10.1.0.5'], 'eth1 10.1.0.5'],
    ['one each', two, null, ['10.1.0.5', '10.2.0.5'], refused],
    ['not all of them', two, null, ['10.2.0.5', ''], refused],
    ['none that is known', two, null, [], refused],
    ['by way of NAT', two, null, ['10.0.3.17'], refused],
    ['by one of two that lead outside', nats, null, ['10.1.0.5'], refused],
    ['from another address', two, null, ['172.17.0.1'], refused],
    ['from one of the two that the named NIC has', twice, 'eth1', ['10.1.0.6'], 'eth1 10.1.0.6'],
    ['not by the NIC that is named', twice, 'eth1', ['10.2.0.5'], refused],
  ])('%s', (_, nics, named, sources, expected) => {
    const told = () => addressOn(m(named, nics), '10.0.0.0/8', sources);
    if (expected === refused) expect(told).toThrow(refused);
    else expect(`${told().nic} ${told().address}`).toBe(expected);
  });

  it('is not asked for where one fits, whatever leads to them', () => {
    expect(fitting(m('eth1', two), '10.0.0.0/8')).toHaveLength(1);
    expect(addressOn(m('eth1', two), '10.0.0.0/8', ['10.2.0.5'])).toEqual({
      ...{ nic: 'eth1', address: '10.1.0.5' },
    });
  });
});

it('what ip prints of the ways to peers', () => {
  const ways = `192.168.56.12 dev eth1 src 192.168.56.11 uid 0 \\    cache
10.7.0.9 via 10.9.0.1 dev ens4 src 10.9.0.5 uid 0 \\    cache
local 192.168.56.11 dev lo src 192.168.56.11 uid 0 \\    cache <local>
unreachable
`;
  expect(readSources(ways)).toEqual(['192.168.56.11', '10.9.0.5', '192.168.56.11', '']);
  expect(readSources('')).toEqual([]);
});
