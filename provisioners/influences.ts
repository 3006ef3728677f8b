import type { Artefacts } from '../src/artefacts/artefact.ts';
import { isDuration } from '../src/cluster/duration.ts';
import type { Cluster } from '../src/cluster/model.ts';
import type { Authority } from '../src/pki/authority.ts';
import { certificates } from './certificates.ts';
import { knownArtefacts } from './known-artefacts.ts';
import type { ClusterPki } from './pki.ts';
import { builtIn } from './addons/built-in.ts';
import { everythingWanted, unaskedScope, type Wanted } from './unasked.ts';

/** What the recipe wants of one machine: its resource, the phase it belongs to, and why it is there. */
export interface WantedThing {
  readonly id: string;
  readonly phase: string;
  readonly docs: string;
  readonly why: string;
}

/** Everything that the recipe wants of a machine, as resources that nobody has asked anything. */
export const wantedBy = (cluster: Cluster, machine: string): Wanted[] =>
  walk(cluster, machine, knownArtefacts(cluster));

/** The same for people. */
export const wantedOf = (cluster: Cluster, machine: string): WantedThing[] =>
  wantedBy(cluster, machine).map(({ phase, docs, resource }) => ({
    ...{ id: resource.id, phase, docs, why: resource.why ?? '' },
  }));

/**
 * The keys of cluster.json that each of these resources of one machine follows from. Nobody keeps a list of them: the
 * recipe is a pure function, so it is asked what it would want if each key were another.
 */
export function influences(
  cluster: Cluster,
  machine: string,
  ids: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const whole = withEmptyArguments(cluster);
  const artefacts = knownArtefacts(cluster);
  const now = statesOf(whole, machine, artefacts);
  const found = new Map(ids.map((id) => [id, new Set<string>()]));
  for (const { key, described } of variants(whole, machine, ids)) {
    const states = statesOf(described, machine, artefacts);
    for (const [id, keys] of found) if (states.get(id) !== now.get(id)) keys.add(derived[key] ?? key);
  }
  return new Map([...found].map(([id, keys]) => [id, [...keys]]));
}

/** By id, all that is wanted under it. */
function statesOf(cluster: Cluster, machine: string, artefacts: Artefacts): ReadonlyMap<string, string> {
  const states = new Map<string, string>();
  for (const { resource } of walk(cluster, machine, artefacts)) {
    const { id, desired, question } = resource;
    states.set(id, (states.get(id) ?? '') + JSON.stringify([desired, question.ask]));
  }
  return states;
}

/** What is computed from another key. */
const derived: Readonly<Record<string, string>> = { 'network.apiServiceIP': 'network.serviceCidr' };

/** What is not there cannot be changed. */
function withEmptyArguments(cluster: Cluster): Cluster {
  const { controlPlane } = cluster;
  const none = { 'kube-apiserver': {}, 'kube-controller-manager': {}, 'kube-scheduler': {} };
  return { ...cluster, controlPlane: { ...controlPlane, extraArgs: { ...none, ...controlPlane.extraArgs } } };
}

const EVERYTHING = [
  'name',
  'network',
  'controlPlane',
  'host',
  'kubelet',
  'pki',
  'token',
  'security',
] as const;

/** The cluster with one key changed at a time. */
function variants(
  cluster: Cluster,
  machine: string,
  ids: readonly string[],
): { key: string; described: Cluster }[] {
  // A master also keeps what the API says of other machines: "node:minion-1".
  const isNamed = (name: string): boolean => name === machine || ids.some((id) => id.endsWith(`:${name}`));

  const general = EVERYTHING.flatMap((key) =>
    changed(cluster[key], key).map(({ key: path, value }) => ({
      key: path,
      described: { ...cluster, [key]: value } as Cluster,
    })),
  );
  const own = cluster.nodes.flatMap((node, index) =>
    !isNamed(node.name)
      ? []
      : changed({ ...node, name: undefined, ssh: undefined }, `nodes.${node.name}`).map(({ key, value }) => ({
          key,
          described: withNode(cluster, index, {
            ...node,
            ...(value as object),
            name: node.name,
            ssh: node.ssh,
          }),
        })),
  );
  const [first] = cluster.nodes.filter(({ name }) => name !== machine);
  const others = first === undefined ? [] : [{ ...first, name: 'another', address: '192.0.2.1' }];
  const grown = others.map((other) => ({
    key: 'nodes',
    described: { ...cluster, nodes: [...cluster.nodes, other] },
  }));
  const addons = Object.fromEntries(
    Object.keys(builtIn).flatMap((name) => (cluster.addons[name] === undefined ? [[name, {}]] : [])),
  );
  return [...general, { key: 'addons', described: { ...cluster, addons } }, ...own, ...grown];
}

const withNode = (cluster: Cluster, index: number, node: Cluster['nodes'][number]): Cluster => ({
  ...cluster,
  nodes: cluster.nodes.with(index, node),
});

/** The value with one of its leaves made another, for each leaf. */
function changed(value: unknown, key: string): { key: string; value: unknown }[] {
  if (typeof value === 'number') return [{ key, value: value + 1 }];
  if (typeof value === 'boolean') return [{ key, value: !value }];
  if (typeof value === 'string') return [{ key, value: another(value) }];
  if (Array.isArray(value)) return [{ key, value: [...value, ARBITRARY] }];
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const leaves = entries.flatMap(([name, inner]) =>
    changed(inner, `${key}.${name}`).map((one) => ({
      key: one.key,
      value: { ...value, [name]: one.value },
    })),
  );
  // Where anything may be added (labels, flags) the whole is a key: of what was there once, too.
  return [...leaves, { key, value: { ...value, [ARBITRARY]: ARBITRARY } }];
}

/** As long as it is one, a duration stays one and a range too. */
const another = (text: string): string =>
  isDuration(text) ? `9${text}` : /^[0-9.]+\/[0-9]+$/.test(text) ? text.replace(/^[0-9]+/, '11') : `${text}0`;

const ARBITRARY = 'x';

/** The same circumstances for all variants. */
const walk = (cluster: Cluster, machine: string, artefacts: Artefacts) =>
  everythingWanted(unaskedScope(cluster, machine, namesOnly(cluster), artefacts, [machine]));

/** A certificate stands for what it would say. */
export function namesOnly(cluster: Cluster): ClusterPki {
  const table = new Map(certificates(cluster).map((entry) => [entry.name, JSON.stringify(entry)]));
  return {
    authority: (name) =>
      ({
        certificatePem: name,
        keyPem: name,
        trustPem: name,
        trusted: [name] as readonly string[],
        recognized: [name] as readonly string[],
      }) as Authority,
    leaf: (name) => ({ certificate: table.get(name) ?? name, key: name }),
    serviceAccount: { privatePem: '', publicPem: '' },
  };
}
