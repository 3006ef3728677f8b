import { describe, expect, it } from 'vitest';
import { problemsOf } from './problems-of.ts';

/** With the machines of the lab: master 192.168.56.11, minions .101 and .102. */
const told = (addons: object): readonly string[] =>
  problemsOf({ addons }).map((line) => line.replace(/^c\.json:\d+:\d+ /, ''));

const pool = (...addresses: string[]): object => ({ metallb: { addresses } });
const range = '192.168.56.0/24 (192.168.56.0 to 192.168.56.255)';

describe('what add-ons are told', () => {
  it.each([
    [{ registry: true, traefik: true, 'local-path': { path: '/srv/volumes' } }],
    [{ registry: { node: 'minion-2', port: 30_600 }, traefik: { nodes: ['minion-1'], port: 8080 } }],
    [pool('192.168.56.200-192.168.56.220', '192.168.56.224/28')],
    [{ metallb: false, registry: false }],
  ])('%j is right', (addons) => {
    expect(told(addons)).toEqual([]);
  });

  it.each<readonly [addons: object, line: string]>([
    [
      { registry: { node: 'minion-3' } },
      'addons.registry.node: no machine is called "minion-3"; allowed: master, minion-1, minion-2',
    ],
    [
      { traefik: { nodes: ['minion-1', 'nobody'] } },
      'addons.traefik.nodes[1]: no machine is called "nobody"; allowed: master, minion-1, minion-2',
    ],
    [
      { metallb: true },
      'addons.metallb: which addresses it may give away must be said; allowed: { "addresses": ["<first>-<last>"] }, or false',
    ],
    [
      pool('192.168.57.1-192.168.57.9'),
      `addons.metallb.addresses[0]: 192.168.57.1-192.168.57.9 is not inside network.machineCidr ${range}`,
    ],
    [
      pool('192.168.56.0/24'),
      `addons.metallb.addresses[0]: 192.168.56.0/24 is not inside network.machineCidr ${range}`,
    ],
    [
      pool('192.168.56.220-192.168.56.200'),
      'addons.metallb.addresses[0]: 192.168.56.220-192.168.56.200 ends before it begins',
    ],
    [
      pool('192.168.56.100-192.168.56.110'),
      'addons.metallb.addresses[0]: 192.168.56.100-192.168.56.110 holds addresses of machines: minion-1, minion-2',
    ],
    [
      pool('192.168.56.300-192.168.56.301'),
      'addons.metallb.addresses[0]: 192.168.56.300-192.168.56.301 is neither "first-last" nor a range',
    ],
  ])('%j is wrong', (addons, line) => {
    expect(told(addons)).toEqual([line]);
  });
});
