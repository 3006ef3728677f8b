import { describe, expect, it } from 'vitest';
import { endpointFindings } from '../../src/cluster/endpoint-rules.ts';
import { parseRange } from '../../src/cluster/ranges.ts';
import { settle } from '../../src/cluster/settings.ts';
import type { Description } from '../../src/cluster/description.ts';
import type { Judged } from '../../src/cluster/description.ts';
import type { Settings } from '../../src/cluster/settings.ts';

const range = parseRange('192.168.56.0/24');
const one: Description['nodes'] = [{ name: 'm', roles: ['etcd', 'master'] }];
const three: Description['nodes'] = [{ name: 'm', count: 3, roles: ['etcd', 'master'] }];

const own: Description['nodes'] = [{ name: 'm', roles: ['etcd', 'master'], ssh: 'admin@192.168.56.9' }];

function problems(controlPlane: Description['controlPlane'], nodes: Description['nodes']): string[] {
  const settings = settle({ ...(controlPlane && { controlPlane }), ...(nodes && { nodes }) });
  return endpointFindings(settings as Judged<Settings>, settings.nodes, range).map(
    ({ path, message, allowed }) =>
      `${path.join('.')}: ${message}${allowed === undefined ? '' : `; allowed: ${allowed}`}`,
  );
}

describe('the address of the API', () => {
  const possible: readonly (readonly [string, Description['controlPlane'], Description['nodes']])[] = [
    ['one master alone', undefined, one],
    ['one master with a name', { endpoint: 'k8s.example.org' }, one],
    ['one master that has an address kept already', { endpoint: '192.168.56.10' }, one],
    ['several with a kept address', { endpoint: '192.168.56.10' }, three],
    ['the same by kube-vip', { endpoint: '192.168.56.10', loadBalancer: 'kube-vip' }, three],
    ['several with a name that a name server answers', { endpoint: 'k8s.example.org' }, three],
    ['somebody else’s name', { endpoint: 'k8s.example.org', loadBalancer: 'external' }, three],
    ['the name of no machine in the cluster’s domain', { endpoint: 'm-4.lab' }, three],
    ['the first address among machines of one’s own', { endpoint: '192.168.56.1' }, own],
    ['the only master, by somebody else', { endpoint: '192.168.56.11', loadBalancer: 'external' }, one],
    ['nobody’s address here', { endpoint: '192.168.56.14', loadBalancer: 'external' }, three],
    ['somebody else’s address', { endpoint: '203.0.113.10', loadBalancer: 'external' }, three],
  ];
  it.each(possible)('may be: %s', (_, controlPlane, nodes) => {
    expect(problems(controlPlane, nodes)).toEqual([]);
  });

  const impossible: readonly (readonly [Description['controlPlane'], Description['nodes'], string])[] = [
    [
      undefined,
      three,
      'controlPlane.endpoint: 3 masters need "endpoint", where clients outside find whichever works: a free address of network.machineCidr 192.168.56.0/24, which keepalived keeps; or a name that something else answers for, with "loadBalancer": "external"',
    ],
    [
      { loadBalancer: 'external' },
      one,
      'controlPlane.loadBalancer: external needs "endpoint": the name or the address that somebody else answers for',
    ],
    [
      { loadBalancer: 'keepalived' },
      three,
      'controlPlane.loadBalancer: keepalived needs "endpoint": a free address of network.machineCidr 192.168.56.0/24, which it keeps',
    ],
    [
      { endpoint: '192.168.56.10', loadBalancer: 'local' },
      three,
      'controlPlane.loadBalancer: with local balancers nobody keeps the address 192.168.56.10: keepalived does, when it is a free address of network.machineCidr 192.168.56.0/24; external says that something else answers there',
    ],
    [
      { endpoint: '192.168.57.10' },
      three,
      'controlPlane.endpoint: 192.168.57.10 is not inside network.machineCidr 192.168.56.0/24 (192.168.56.0 to 192.168.56.255), where keepalived could keep it; if something else answers there: "loadBalancer": "external"',
    ],
    [
      { endpoint: '192.168.56.12' },
      three,
      'controlPlane.endpoint: 192.168.56.12 is the address of m-2; keepalived needs a free one',
    ],
    [
      { endpoint: '192.168.56.255' },
      three,
      'controlPlane.endpoint: 192.168.56.255 is the broadcast address; keepalived needs a free one',
    ],
    [
      { endpoint: '192.168.56.1' },
      three,
      'controlPlane.endpoint: 192.168.56.1 belongs to the computer that hosts the machines; keepalived needs a free one',
    ],
    [
      { endpoint: '192.168.56.1', loadBalancer: 'kube-vip' },
      three,
      'controlPlane.endpoint: 192.168.56.1 belongs to the computer that hosts the machines; kube-vip needs a free one',
    ],
    [
      { endpoint: '192.168.56.12', loadBalancer: 'external' },
      three,
      'controlPlane.endpoint: 192.168.56.12 is the address of m-2: everybody would depend on that one machine; allowed: a balancer that leads to all masters; or a free address of network.machineCidr 192.168.56.0/24, with "loadBalancer": "keepalived"',
    ],
    ...(['local', 'external'] as const).map(
      (loadBalancer) =>
        [
          { endpoint: 'm-1.lab', loadBalancer },
          three,
          'controlPlane.endpoint: m-1.lab is the name of a machine; the API needs one of its own, such as "api.example.org"',
        ] as const,
    ),
    [{ endpoint: '192.168.56.300' }, one, 'controlPlane.endpoint: 192.168.56.300 is no IPv4 address'],
    [
      { endpoint: 'm-1' },
      three,
      'controlPlane.endpoint: m-1 is the name of a machine; the API needs one of its own, such as "api.example.org"',
    ],
    [
      { endpoint: 'k8s.example.org', loadBalancer: 'keepalived' },
      three,
      'controlPlane.endpoint: keepalived keeps an address, not a name: a free address of network.machineCidr 192.168.56.0/24; the name may go into "sans"',
    ],
  ];
  it.each(impossible)('is refused: %j', (controlPlane, nodes, line) => {
    expect(problems(controlPlane, nodes)).toEqual([line]);
  });
});
