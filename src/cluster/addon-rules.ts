/** Rules over what add-ons are told of machines and addresses. */
import type { AddonValues } from './model.ts';
import type { Entry } from './entry.ts';
import { expand } from './machines.ts';
import type { Finding, Path } from './problem.ts';
import { toNumber, isAddress, parseRange, span } from './ranges.ts';
import type { Range } from './ranges.ts';

type Values = Readonly<Record<string, boolean | AddonValues | undefined>>;

/** `range` is undefined when the description has it wrong. */
export function addonFindings(
  addons: Values,
  entries: readonly Entry[],
  range: Range | undefined,
): readonly Finding[] {
  const { registry, traefik, metallb } = addons;
  const unknown = (path: Path, name: unknown): readonly Finding[] => {
    if (typeof name !== 'string') return [];
    const names = expand(entries, range).map((machine) => machine.name);
    if (names.includes(name)) return [];
    return [{ path, at: 'value', message: `no machine is called "${name}"`, allowed: names.join(', ') }];
  };
  return [
    ...unknown(['addons', 'registry', 'node'], field(registry, 'node')),
    ...listIn(field(traefik, 'nodes')).flatMap((name, index) =>
      unknown(['addons', 'traefik', 'nodes', index], name),
    ),
    ...(metallb === true ? [withoutAddresses] : []),
    ...(range === undefined
      ? []
      : listIn(field(metallb, 'addresses')).flatMap((text, index) =>
          pool(['addons', 'metallb', 'addresses', index], String(text), entries, range),
        )),
  ];
}

const withoutAddresses: Finding = {
  ...{ path: ['addons', 'metallb'], at: 'value' },
  message: 'which addresses it may give away must be said',
  allowed: '{ "addresses": ["<first>-<last>"] }, or false',
};

/** Addresses to give away: of the machines' own range, and of no machine. */
function pool(path: Path, text: string, entries: readonly Entry[], range: Range): readonly Finding[] {
  const wrong = (message: string): readonly Finding[] => [{ path, at: 'value', message }];
  const ends = endsOf(text);
  if (ends === undefined) return wrong(`${text} is neither "first-last" nor a range`);
  const [first, last] = ends;
  if (first > last) return wrong(`${text} ends before it begins`);
  if (first <= range.first || last >= range.last)
    return wrong(`${text} is not inside network.machineCidr ${span(range)}`);
  const taken = expand(entries, range).filter(({ address }) => {
    if (address === undefined || !isAddress(address)) return false;
    const number = toNumber(address);
    return first <= number && number <= last;
  });
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

const field = (values: boolean | AddonValues | undefined, key: string): unknown =>
  typeof values === 'object' ? values[key] : undefined;

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
