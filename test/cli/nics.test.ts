import { describe, expect, it } from 'vitest';
import { addressOn, readNics } from '../../src/cli/nics.ts';

/** What ip prints on a machine with a NAT NIC, one for its peers, and one more. */
const said = `2: eth0    inet 10.0.3.17/24 brd 10.0.3.255 scope global dynamic eth0\\       valid_lft 3401sec preferred_lft 3401sec
3: eth1    inet 192.168.56.11/24 brd 192.168.56.255 scope global eth1\\       valid_lft forever preferred_lft forever
4: ens4    inet 10.9.0.5/16 scope global ens4\\       valid_lft forever preferred_lft forever
default via 10.0.3.1 dev eth0`;
const there = readNics(said);
const all = 'there are eth0 10.0.3.17, eth1 192.168.56.11, ens4 10.9.0.5';

describe('the address with which a machine takes part', () => {
  it.each([
    ['inside the range', null, '192.168.56.0/24', 'eth1 192.168.56.11'],
    ['of the NIC that is named', 'ens4', '10.0.0.0/8', 'ens4 10.9.0.5'],
    ['not that of the NIC which leads outside', null, '10.0.0.0/8', 'ens4 10.9.0.5'],
    ['that one when it is named', 'eth0', '10.0.0.0/8', 'eth0 10.0.3.17'],
    ['or when there is no other', null, '10.0.3.0/24', 'eth0 10.0.3.17'],
  ])('is the one %s', (_, named, range, expected) => {
    const { nic, address } = addressOn('m', there, named, range);
    expect(`${nic} ${address}`).toBe(expected);
  });

  it.each([
    ['eth7', '192.168.56.0/24', `m: has no address in 192.168.56.0/24 on eth7; ${all}`],
    [null, '172.16.0.0/16', `m: has no address in 172.16.0.0/16; ${all}`],
    [null, '0.0.0.0/0', `m: has several addresses in 0.0.0.0/0; ${all}`],
  ])('of %s in %s is refused with those that are there', (named, range, message) => {
    expect(() => addressOn('m', there, named, range)).toThrow(message);
  });

  it('is none on a machine without any', () => {
    expect(() => addressOn('m', readNics(''), null, '10.0.0.0/8')).toThrow('there are none');
  });
});
