/** Rules over the address of the API: who may keep it, and when there must be one. */
import type { Judged } from './description.ts';
import type { Entry } from './entry.ts';
import { isMadeHere, machineCount } from './entry.ts';
import { expand } from './machines.ts';
import type { Finding } from './problem.ts';
import { contains, isAddress, isBrokenAddress, nth, size, span } from './ranges.ts';
import type { Range } from './ranges.ts';
import type { Settings } from './settings.ts';

/** `range` is undefined when the description has it wrong. */
export function endpointFindings(
  { controlPlane, name: domain }: Judged<Settings>,
  entries: readonly Entry[],
  range: Range | undefined,
): readonly Finding[] {
  const { endpoint, loadBalancer } = controlPlane ?? {};
  if (endpoint === undefined || loadBalancer === undefined) return [];
  if (endpoint === null) return withoutEndpoint(loadBalancer, entries, range);
  if (loadBalancer === 'kube-vip' && controlPlane?.registerNode === false && controlPlane.style === 'systemd')
    return at(
      'kube-vip is a pod, and these masters run none: "keepalived"; or "style": "static-pods"; or "registerNode": true',
      'loadBalancer',
    );
  return isAddress(endpoint)
    ? address(endpoint, loadBalancer, entries, range)
    : name(endpoint, loadBalancer, entries, range, domain);
}

type Balancer = Settings['controlPlane']['loadBalancer'];

const at = (message: string, field = 'endpoint', allowed?: string): readonly Finding[] => [
  { path: ['controlPlane', field], at: 'value', message, ...(allowed === undefined ? {} : { allowed }) },
];

const free = (range: Range | undefined): string =>
  `a free address of network.machineCidr${range === undefined ? '' : ` ${range.text}`}`;

function withoutEndpoint(
  balancer: Balancer,
  entries: readonly Entry[],
  range: Range | undefined,
): readonly Finding[] {
  if (balancer === 'external') {
    return at(
      'external needs "endpoint": the name or the address that somebody else answers for',
      'loadBalancer',
    );
  }
  if (balancer !== 'local')
    return at(`${balancer} needs "endpoint": ${free(range)}, which it keeps`, 'loadBalancer');
  const masters = mastersIn(entries);
  if (masters < 2) return [];
  return at(
    `${masters} masters need "endpoint", where clients outside find whichever works: ${free(range)}, which keepalived keeps; or a name that something else answers for, with "loadBalancer": "external"`,
  );
}

const mastersIn = (entries: readonly Entry[]): number =>
  entries
    .filter((entry) => entry?.roles?.includes('master') === true)
    .reduce((sum, entry) => sum + machineCount(entry), 0);

function address(
  endpoint: string,
  balancer: Balancer,
  entries: readonly Entry[],
  range: Range | undefined,
): readonly Finding[] {
  if (balancer === 'external') return oneForAll(endpoint, entries, range);
  if (balancer === 'local') {
    return at(
      `with local balancers nobody keeps the address ${endpoint}: keepalived does, when it is ${free(range)}; external says that something else answers there`,
      'loadBalancer',
    );
  }
  if (range === undefined) return [];
  if (!contains(range, endpoint)) {
    return at(
      `${endpoint} is not inside network.machineCidr ${span(range)}, where ${balancer} could keep it; if something else answers there: "loadBalancer": "external"`,
    );
  }
  const special = new Map([
    [nth(range, 0), 'is the network’s own address'],
    [nth(range, size(range) - 1), 'is the broadcast address'],
    ...(entries.some(isMadeHere)
      ? [[nth(range, 1), 'belongs to the computer that hosts the machines'] as const]
      : []),
    ...expand(entries, range).map(
      (machine) => [machine.address ?? '', `is the address of ${machine.name}`] as const,
    ),
  ]).get(endpoint);
  return special === undefined ? [] : at(`${endpoint} ${special}; ${balancer} needs a free one`);
}

/** With one master everybody depends on one machine anyway. */
function oneForAll(
  endpoint: string,
  entries: readonly Entry[],
  range: Range | undefined,
): readonly Finding[] {
  const machine = expand(entries, range).find((each) => each.address === endpoint);
  if (machine === undefined || mastersIn(entries) < 2) return [];
  return at(
    `${endpoint} is the address of ${machine.name}: everybody would depend on that one machine`,
    'endpoint',
    `a balancer that leads to all masters; or ${free(range)}, with "loadBalancer": "keepalived"`,
  );
}

function name(
  endpoint: string,
  balancer: Balancer,
  entries: readonly Entry[],
  range: Range | undefined,
  domain: string | undefined,
): readonly Finding[] {
  if (isBrokenAddress(endpoint)) return at(`${endpoint} is no IPv4 address`);
  // As the machines' hosts files have them.
  const machines = expand(entries, range).flatMap((machine) => [machine.name, `${machine.name}.${domain}`]);
  if (endpoint === 'localhost' || machines.includes(endpoint)) {
    return at(
      `${endpoint} is the name of a machine; the API needs one of its own, such as "api.example.org"`,
    );
  }
  if (balancer === 'local' || balancer === 'external') return [];
  return at(`${balancer} keeps an address, not a name: ${free(range)}; the name may go into "sans"`);
}
