/** Rules over what add-ons are told of machines and addresses. */
import { chartsOf } from './addons.ts';
import type { AddonEntry } from './description.ts';
import type { Entry } from './entry.ts';
import type { AddonValues } from './model.ts';
import { expand } from './machines.ts';
import type { Finding, Path } from './problem.ts';
import { toNumber, isAddress, parseRange, span } from './ranges.ts';
import type { Range } from './ranges.ts';

type Entries = Readonly<Record<string, AddonEntry | undefined>>;

/** `range` is undefined when the description has it wrong; `endpoint` is where clients find the API. */
export function addonFindings(
  addons: Entries,
  entries: readonly Entry[],
  range: Range | undefined,
  endpoint: string | null,
): readonly Finding[] {
  const { registry, traefik, metallb } = addons;
  const unknown = (path: Path, name: unknown): readonly Finding[] => {
    if (typeof name !== 'string') return [];
    const names = expand(entries, range).map((machine) => machine.name);
    if (names.includes(name)) return [];
    return [{ path, at: 'value', message: `no machine is called "${name}"`, allowed: names.join(', ') }];
  };
  return [
    ...Object.entries(chartsOf(addons)).flatMap(([name, { chart, sha256 }]) =>
      chartFindings(name, chart, sha256),
    ),
    ...unknown(['addons', 'registry', 'node'], field(registry, 'node')),
    ...listIn(field(traefik, 'nodes')).flatMap((name, index) =>
      unknown(['addons', 'traefik', 'nodes', index], name),
    ),
    ...(metallb === true ? [withoutAddresses] : []),
    ...(range === undefined
      ? []
      : listIn(field(metallb, 'addresses')).flatMap((text, index) =>
          pool(['addons', 'metallb', 'addresses', index], String(text), entries, range, endpoint),
        )),
  ];
}

/** A name that releases may have, and a digest for what anybody could exchange on its way. */
function chartFindings(name: string, chart: string, sha256: string | undefined): readonly Finding[] {
  const findings: Finding[] = [];
  if (!RELEASE.test(name) || name.length > 53) {
    const allowed = "at most 53 lower-case letters, digits and '-'";
    findings.push({ path: ['addons', name], at: 'key', message: 'no name for a chart', allowed });
  }
  if (chart.startsWith('https://') && sha256 === undefined) {
    const message = `${chart} is downloaded: sha256 must say which file it is`;
    findings.push({ path: ['addons', name, 'chart'], at: 'value', message });
  }
  return findings;
}

const RELEASE = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

const withoutAddresses: Finding = {
  ...{ path: ['addons', 'metallb'], at: 'value' },
  message: 'which addresses it may give away must be said',
  allowed: '{ "addresses": ["<first>-<last>"] }, or false',
};

/** Addresses to give away: of the machines' own range, and of no machine. */
function pool(
  path: Path,
  text: string,
  entries: readonly Entry[],
  range: Range,
  endpoint: string | null,
): readonly Finding[] {
  const wrong = (message: string): readonly Finding[] => [{ path, at: 'value', message }];
  const ends = endsOf(text);
  if (ends === undefined) return wrong(`${text} is neither "first-last" nor a range`);
  const [first, last] = ends;
  if (first > last) return wrong(`${text} ends before it begins`);
  if (first <= range.first || last >= range.last)
    return wrong(`${text} is not inside network.machineCidr ${span(range)}`);
  const holds = (address: string | null | undefined): boolean => {
    if (address === null || address === undefined || !isAddress(address)) return false;
    const number = toNumber(address);
    return first <= number && number <= last;
  };
  if (holds(endpoint))
    return wrong(`${text} holds the address of the API, controlPlane.endpoint ${endpoint}`);
  const taken = expand(entries, range).filter(({ address }) => holds(address));
  if (taken.length === 0) return [];
  return wrong(`${text} holds addresses of machines: ${taken.map(({ name }) => name).join(', ')}`);
}

function endsOf(text: string): readonly [number, number] | undefined {
  const [first = '', last] = text.split('-');
  if (last !== undefined)
    return isAddress(first) && isAddress(last) ? [toNumber(first), toNumber(last)] : undefined;
  const [address = '', prefix] = text.split('/');
  if (!isAddress(address) || Number(prefix) > 32) return undefined;
  const range = parseRange(text);
  return [range.first, range.last];
}

const field = (values: AddonEntry | undefined, key: string): unknown =>
  typeof values === 'object' ? (values as AddonValues)[key] : undefined;

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
