/** Rules over the three address ranges of the network, and what depends on their size. */
import type { Description, Judged } from './description.ts';
import { isEtcdOnly, machineCount } from './entry.ts';
import type { Entry } from './entry.ts';
import type { Finding } from './problem.ts';
import { contains, nth, overlaps, parseRange, size, span, withoutHostBits } from './ranges.ts';
import type { Range } from './ranges.ts';
import type { Settings } from './settings.ts';

type RangeName = 'machineCidr' | 'podCidr' | 'serviceCidr';
type Named = readonly [RangeName, Range];

/** Addresses in a /29. */
export const smallestMachineRange = 8;

/** Where no cluster can live. */
const reserved: Readonly<Record<string, string>> = {
  '0.0.0.0/8': 'reserved',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local',
  '224.0.0.0/4': 'multicast',
  '240.0.0.0/4': 'reserved',
};

export function rangeFindings(settings: Judged<Settings>, written: Judged<Description>): readonly Finding[] {
  const machine = namedRange(settings, 'machineCidr');
  const pod = namedRange(settings, 'podCidr');
  const service = namedRange(settings, 'serviceCidr');
  const all = [machine, pod, service].filter((range) => range !== undefined);
  const pairs = all.flatMap((one, index) => all.slice(index + 1).map((other) => [one, other] as const));
  return [
    ...all.flatMap(hostBits),
    ...all.flatMap(reservedRange),
    ...pairs.flatMap(([one, other]) => overlap(one, other, written)),
    ...(machine ? machineRoom(machine) : []),
    ...(pod ? podRoom(pod, settings.nodes ?? []) : []),
    ...(service ? serviceRoom(service) : []),
    ...(service ? dnsAddress(service, settings.dns?.serviceIP) : []),
  ];
}

/** Undefined when the description has it wrong. */
function namedRange(settings: Judged<Settings>, name: RangeName): Named | undefined {
  const text = settings.network?.[name];
  return text === undefined ? undefined : [name, parseRange(text)];
}

function about([name]: Named, message: string, more: Partial<Finding> = {}): Finding {
  return { path: ['network', name], at: 'value', message, ...more };
}

function hostBits(named: Named): readonly Finding[] {
  const [, range] = named;
  const suggestion = withoutHostBits(range);
  if (suggestion === range.text) return [];
  return [about(named, `${range.text} is an address inside a range, not a range`, { suggestion })];
}

function reservedRange(named: Named): readonly Finding[] {
  const [, range] = named;
  const taken = Object.keys(reserved).filter((text) => overlaps(parseRange(text), range));
  return taken.map((text) => about(named, `${span(range)} overlaps ${text}, which is ${reserved[text]}`));
}

/** Told at the one that is written, and when both are, at the second. */
function overlap(one: Named, other: Named, written: Judged<Description>): readonly Finding[] {
  if (!overlaps(one[1], other[1])) return [];
  const [here, there] = other[0] in (written.network ?? {}) ? [other, one] : [one, other];
  return [about(here, `${span(here[1])} overlaps network.${there[0]} ${span(there[1])}`)];
}

function machineRoom(machine: Named): readonly Finding[] {
  if (size(machine[1]) >= smallestMachineRange) return [];
  return [about(machine, `${machine[1].text} is too small for a cluster`, { allowed: '/29 or larger' })];
}

/** Each machine that may have pods has a /24; flannel and routes never hand out the first one. */
function podRoom(pod: Named, entries: readonly Entry[]): readonly Finding[] {
  const withPods = entries.filter((entry) => !isEtcdOnly(entry));
  const machines = withPods.reduce((sum, entry) => sum + machineCount(entry), 0);
  const room = size(pod[1]) / 256 - 1;
  if (room >= 3 && room >= machines) return [];
  const needed = 24 - Math.ceil(Math.log2(Math.max(3, machines) + 1));
  const has =
    room >= 3
      ? `room for ${room} machines, a /24 each, but there are ${machines}`
      : 'no room for a /24 a machine';
  return [about(pod, `${span(pod[1])} has ${has}`, { allowed: `/${needed} or larger` })];
}

/** The API server takes at most 20 bits; the tenth address is the cluster DNS. */
function serviceRoom(service: Named): readonly Finding[] {
  const { text, prefix } = service[1];
  if (prefix >= 12 && prefix <= 28) return [];
  return [about(service, `${text} is too ${prefix < 12 ? 'large' : 'small'}`, { allowed: '/12 to /28' })];
}

function dnsAddress([, service]: Named, address: string | undefined): readonly Finding[] {
  if (address === undefined) return [];
  const path = ['network', 'dns', 'serviceIP'];
  const suggestion = size(service) > 10 ? nth(service, 10) : undefined;
  if (!contains(service, address)) {
    const message = `${address} is not inside network.serviceCidr ${span(service)}`;
    return [{ path, at: 'value', message, suggestion }];
  }
  const taken = [nth(service, 0), nth(service, 1), nth(service, size(service) - 1)];
  const message = `${address} is the ${['network', "API's", 'broadcast'][taken.indexOf(address)]} address of network.serviceCidr`;
  return taken.includes(address) ? [{ path, at: 'value', message, suggestion }] : [];
}
