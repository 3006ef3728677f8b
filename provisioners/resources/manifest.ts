import { createHash } from 'node:crypto';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import {
  type Batch,
  type Gather,
  type Question,
  type Resource,
  type State,
  unknown,
} from '../../src/engine/resource.ts';

/** An API object as desired; only what is written here is compared. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Digest of what was applied last; tells a field that is no longer wanted from one that never was ours. */
const APPLIED = 'hardway.dev/applied';
const KUBECTL =
  '/usr/local/bin/kubectl --kubeconfig=/etc/kubernetes/admin.conf --cache-dir=/run/hardway/kubectl';

/** `kubectl` with the administrator's credential of this master. */
export const kubectl = verbatim(KUBECTL as Script);

/** On a master that has neither database nor credential yet nothing is in the API: that is known without asking. */
export const unlessDatabase = sh`[ -d /var/lib/etcd/member ] || [ -e /etc/kubernetes/admin.conf ] || { echo answered; exit 0; }`;

/** Seconds for all objects together: an API without its database lets each request hang. */
const PATIENCE = 15;

const objects: Batch = {
  name: 'manifest',
  apart: true,
  script: (asks) => sh`${verbatim(unlessDatabase)}
[ -x /usr/local/bin/kubectl ] && [ -e /etc/kubernetes/admin.conf ] || exit 0
timeout ${PATIENCE} ${kubectl} get --ignore-not-found --request-timeout=10s -o json -f - <<'HARDWAY' && echo answered
${verbatim(listOf(asks) as Script)}
HARDWAY`,
  answers: (output, asks) => {
    if (!output.trimEnd().endsWith('answered')) return asks.map(() => null);
    const text = output.trimEnd().slice(0, -'answered'.length).trim();
    const found = (text === '' ? { items: [] } : JSON.parse(text)) as { items?: Manifest[] } & Manifest;
    const byName = new Map((found.items ?? [found]).map((object) => [identity(object), object]));
    return asks.map((ask) =>
      JSON.stringify(byName.get(identity(JSON.parse(ask) as Manifest)) ?? { missing: true }),
    );
  },
};

export const listOf = (objects: readonly string[]): string =>
  `{"apiVersion": "v1", "kind": "List", "items": [\n${objects.join(',\n')}\n]}`;

/** All objects of a stage with one call. The server checks types; asking it for its schemas first costs a second. */
export const apply: Gather = {
  name: 'apply',
  script: (
    items,
  ) => sh`${kubectl} apply --server-side --validate=false --force-conflicts --field-manager=hardway -f - <<'HARDWAY'
${verbatim(listOf(items) as Script)}
HARDWAY`,
};

/** The same, for objects that others make and we only add to: one that is missing is an error, not made by halves. */
export const applyToExisting: Gather = {
  name: 'apply-to-existing',
  script: (items) => sh`${kubectl} get -o name -f - <<'HARDWAY' >/dev/null
${verbatim(listOf(items) as Script)}
HARDWAY
${verbatim(apply.script(items))}`,
};

/** What an object is known by. */
export const identity = ({ apiVersion, kind, metadata }: Manifest): string =>
  [apiVersion, kind, metadata.namespace ?? '', metadata.name].join('/');

/** "deployment:kube-system/coredns" */
export const idOf = ({ kind, metadata: { name, namespace } }: Manifest): `${string}:${string}` =>
  `${kind.toLowerCase()}:${namespace === undefined ? '' : `${namespace}/`}${name}`;

export interface ManifestOptions {
  /** Fields that are sent but not compared: a new expiry each time. */
  readonly alsoSend?: Readonly<Record<string, unknown>>;
  /** What else must hold of the object that is there; a reason, or null. */
  readonly check?: (live: Manifest) => string | null;
  /** Applies with another credential than the administrator's. */
  readonly gather?: Gather;
  readonly secret?: boolean;
  readonly why?: string;
}

/** An API object, made by server-side apply. */
export function manifest(wanted: Manifest, options: ManifestOptions = {}): Resource {
  const applied = createHash('sha256').update(JSON.stringify(wanted)).digest('hex').slice(0, 16);
  const sent = withMarks({ ...wanted, ...options.alsoSend }, applied);
  return {
    id: idOf(wanted),
    desired: { applied, drift: '' },
    question: question(wanted, (live) => stateOf(live, wanted, options)),
    steps: () => [{ gather: options.gather ?? apply, item: JSON.stringify(sent) }],
    secret: options.secret ?? false,
    ...(options.why === undefined ? {} : { why: options.why }),
  };
}

/** What is known of one object, all of them asked with one call; null when there is none. */
export const question = (
  { apiVersion, kind, metadata: { name, namespace } }: Manifest,
  parse: (live: Manifest) => State,
): Question => ({
  batch: objects,
  ask: JSON.stringify({ apiVersion, kind, metadata: { name, namespace } }),
  parse: (answer) => {
    if (answer === null) return unknown;
    const live = JSON.parse(answer) as Manifest & { missing?: true };
    return live.missing ? null : parse(live);
  },
});

function stateOf(live: Manifest, wanted: Manifest, options: ManifestOptions): State {
  const drift = [...differing(wanted, live, ''), ...[options.check?.(live) ?? []].flat()];
  return { applied: live.metadata.annotations?.[APPLIED] ?? '', drift: drift.join(', ') };
}

function withMarks(object: Manifest, applied: string): Manifest {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, 'app.kubernetes.io/managed-by': 'hardway' },
      annotations: { ...metadata.annotations, [APPLIED]: applied },
    },
  };
}

/** Paths at which the live object is not what is wanted; what only the live one has is not ours. */
export function differing(wanted: unknown, live: unknown, path: string): string[] {
  if (Array.isArray(wanted)) {
    if (!Array.isArray(live) || live.length !== wanted.length) return [path];
    return wanted.flatMap((item, index) => differing(item, live[index], `${path}[${index}]`));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof live !== 'object' || live === null) return [path];
    const there = live as Record<string, unknown>;
    return Object.entries(wanted).flatMap(([key, value]) =>
      value === undefined ? [] : differing(value, there[key], path === '' ? key : `${path}.${key}`),
    );
  }
  return wanted === live ? [] : [path];
}
