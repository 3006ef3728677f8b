/** Rules over what add-ons are told of machines and addresses. */
import { chartsOf } from './addons.ts';
import type { AddonEntry, Judged } from './description.ts';
import { isMadeHere } from './entry.ts';
import type { Entry } from './entry.ts';
import { nodePortsOf, ownerOf } from './machine-ports.ts';
import type { AddonValues } from './model.ts';
import { expand } from './machines.ts';
import { whyNoNode } from './nodes.ts';
import type { Finding, Path } from './problem.ts';
import { toNumber, isAddress, nth, parseRange, span } from './ranges.ts';
import type { Range } from './ranges.ts';
import type { Settings } from './settings.ts';

/** `range` is undefined when the description has it wrong. */
export function addonFindings(settings: Judged<Settings>, range: Range | undefined): readonly Finding[] {
  const addons = (settings.addons ?? {}) as Readonly<Record<string, AddonEntry | undefined>>;
  const entries = settings.nodes ?? [];
  const { registry, traefik, metallb } = addons;
  const isNode = nodeCheck(settings, range);
  return [
    ...Object.entries(chartsOf(addons)).flatMap(([name, { chart, sha256 }]) =>
      chartFindings(name, chart, sha256),
    ),
    ...isNode(['addons', 'registry', 'node'], field(registry, 'node')),
    ...registryPort(registry, settings),
    ...listIn(field(traefik, 'nodes')).flatMap((name, index) =>
      isNode(['addons', 'traefik', 'nodes', index], name),
    ),
    ...(isOff(addons, 'metallb') ? takenPort(traefik, settings) : []),
    ...(metallb === true ? [withoutAddresses] : []),
    ...(range === undefined
      ? []
      : listIn(field(metallb, 'addresses')).flatMap((text, index) =>
          pool(
            ['addons', 'metallb', 'addresses', index],
            String(text),
            entries,
            range,
            settings.controlPlane?.endpoint,
          ),
        )),
  ];
}

/** What is wrong with a name that must be a node's, for pods shall run there. */
const nodeCheck = (settings: Judged<Settings>, range: Range | undefined) => {
  const entries = settings.nodes ?? [];
  const machines = expand(entries, range).map(({ name, entry }) => ({
    name,
    why: whyNoNode(entries[entry], settings),
  }));
  const nodes = machines.filter(({ why }) => why === undefined).map(({ name }) => name);
  return (path: Path, name: unknown): readonly Finding[] => {
    if (typeof name !== 'string' || nodes.includes(name)) return [];
    const machine = machines.find((each) => each.name === name);
    const message =
      machine === undefined
        ? `no machine is called "${name}"`
        : `${name} is no node of the cluster: ${machine.why}`;
    return [{ path, at: 'value', message, ...(nodes.length === 0 ? {} : { allowed: nodes.join(', ') }) }];
  };
};

/** Its Service has it on every node; as provisioners/addons/registry has the default. */
function registryPort(registry: AddonEntry | undefined, { network }: Judged<Settings>): readonly Finding[] {
  if (registry === undefined || registry === false) return [];
  const port = Number(field(registry, 'port') ?? 30500);
  const ports = nodePortsOf(network);
  if (ports === undefined || ports.has(port)) return [];
  const message = `its port ${port} is not inside network.nodePortRange ${network?.nodePortRange}`;
  return [{ path: ['addons', 'registry'], at: 'value', message, allowed: `{ "port": ${ports.first} }` }];
}

/** Without MetalLB it is a port of the machines on which Traefik runs. */
function takenPort(
  traefik: AddonEntry | undefined,
  { controlPlane, network }: Judged<Settings>,
): readonly Finding[] {
  const port = portOf(traefik);
  if (port === undefined) return [];
  const owner = port === controlPlane?.port ? 'the API server (controlPlane.port)' : ownerOf(port, network);
  if (owner === undefined) return [];
  return [
    {
      ...{ path: ['addons', 'traefik', 'port'], at: 'value' },
      message: `${port} of the machines belongs to ${owner}`,
      allowed: 'another one, such as 8080; or any with metallb, which gives Traefik an address of its own',
    },
  ];
}

/** As provisioners/addons/traefik has it; undefined when Traefik is off, or the port is wrong. */
function portOf(traefik: AddonEntry | undefined): number | undefined {
  if (traefik === true) return 80;
  if (typeof traefik !== 'object') return undefined;
  const { port } = { port: 80, ...traefik };
  return port;
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
  endpoint: string | null | undefined,
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
  if (entries.some(isMadeHere) && holds(nth(range, 1))) {
    const message = `${text} holds ${nth(range, 1)}, which belongs to the computer that hosts the machines`;
    return [{ path, at: 'value', message, allowed: `from ${nth(range, 2)} on` }];
  }
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

/** Not what is wrong there: that may be meant to be on. */
const isOff = (addons: Readonly<Record<string, unknown>>, name: string): boolean =>
  !(name in addons) || addons[name] === false;

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
