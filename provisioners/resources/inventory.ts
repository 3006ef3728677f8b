import { lines, type Script, sh, verbatim } from '../../src/connection/quote.ts';
import type { Resource, State, Step } from '../../src/engine/resource.ts';
import { byOrder } from '../own/order.ts';
import { apply, kubectl, type Manifest, question } from './manifest.ts';
import { remove } from './no-manifest.ts';

/** An object that an add-on made, and which one. */
export interface Entry {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  /** "coredns", "addons/web.yaml", "chart podinfo". */
  readonly from: string;
}

/** Every object of an add-on bears it: without it nothing is ever removed. */
export const MARK = 'hardway.dev/addon';

/** Where the cluster keeps what add-ons made in it, so that what is no longer wanted is known and can be removed. */
const place: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'hardway-addons', namespace: 'kube-system' },
};

export const entryOf = ({ apiVersion, kind, metadata }: Manifest, from: string): Entry => ({
  ...{ apiVersion, kind, name: metadata.name, from },
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
});

/** Written down before they are made: what a run that was cut off has made is known to the next. */
export const recorded = (wanted: readonly Entry[]): Resource => ({
  id: 'inventory:add-ons',
  desired: { missing: 0 },
  question: question(place, (live) => {
    const present = entriesOf(live);
    return { missing: without(wanted, present).length, present: JSON.stringify(present) };
  }),
  steps: (now) => {
    const others = without(presentOf(now), wanted);
    return [{ gather: apply, item: kept([...wanted, ...others]) }];
  },
  why: 'What add-ons made, so that what is no longer wanted can be removed.',
});

/**
 * Nothing is left of what is no longer wanted. What bears no mark of ours was made by somebody else under the same
 * name, and stays; so does what came from a source that cannot be read now.
 */
export const pruned = (wanted: readonly Entry[], unread: readonly string[]): Resource => {
  const staleOf = (present: readonly Entry[]): Entry[] =>
    without(present, wanted).filter(({ from }) => !unread.includes(from));
  const stale = (now: State | null): Entry[] => staleOf(presentOf(now));
  const asked = question(place, (live) => {
    const present = entriesOf(live);
    return { objects: staleOf(present).length, present: JSON.stringify(present) };
  });
  return {
    id: 'inventory:no-longer-wanted',
    desired: { objects: 0 },
    question: { ...asked, parse: (answer) => asked.parse(answer) ?? { objects: 0 } },
    steps: (now) => {
      const gone = stale(now).sort((one, other) => byOrder(other, one));
      return [
        { run: lines(...gone.map(removal)), limit: gone.length * PATIENCE },
        // What this run has made is on the list already, though not when it was asked for.
        keep([...wanted, ...without(without(presentOf(now), gone), wanted)]),
      ];
    },
    lines: (now) => stale(now).map((entry) => `- ${nameOf(entry)} (${entry.from})`),
    disturbs: (now) => stale(now).flatMap(disturbance),
    why: 'No add-on wants them any more.',
  };
};

/** Seconds for one object; a namespace ends after everything in it. */
const PATIENCE = 120;

/** A kind that is gone has taken its objects with it. */
const removal = ({ apiVersion, kind, name, namespace = 'default' }: Entry): Script => {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  // What its pods did to the machines they undo as long as they have their rights.
  const first = kind === 'DaemonSet' ? sh` --cascade=foreground` : sh``;
  return sh`said=$(${kubectl} delete ${`${kind}.${version}.${group}`} --namespace ${namespace} --selector ${MARK} --field-selector ${`metadata.name=${name}`} --ignore-not-found${verbatim(first)} --timeout=${`${PATIENCE}s`} 2>&1) || case $said in
  *"doesn't have a resource type"*) ;;
  *) echo "$said" >&2; exit 1;;
esac`;
};

const DATA = ['PersistentVolumeClaim', 'PersistentVolume', 'Namespace'];
const PODS = ['Deployment', 'DaemonSet', 'StatefulSet', 'ReplicaSet', 'Job', 'Pod'];

const disturbance = (entry: Entry): string[] => {
  if (DATA.includes(entry.kind)) return [`deletes ${nameOf(entry)} with the data in it`];
  return PODS.includes(entry.kind) ? [`ends the pods of ${nameOf(entry)}`] : [];
};

const nameOf = ({ kind, name, namespace }: Entry): string =>
  `${kind.toLowerCase()} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

const keyOf = ({ apiVersion, kind, name, namespace = 'default' }: Entry): string =>
  // Another version of a group is the same object.
  [apiVersion.split('/').slice(0, -1).join(''), kind, namespace, name].join('|');

function without(entries: readonly Entry[], others: readonly Entry[]): Entry[] {
  const keys = new Set(others.map(keyOf));
  return entries.filter((entry) => !keys.has(keyOf(entry)));
}

const presentOf = (now: State | null): Entry[] => JSON.parse(String(now?.['present'] ?? '[]')) as Entry[];

/** A damaged list is an empty one: then nothing is removed. */
function entriesOf(live: Manifest): Entry[] {
  try {
    const { objects = '[]' } = (live['data'] ?? {}) as { objects?: string };
    return JSON.parse(objects) as Entry[];
  } catch {
    return [];
  }
}

/** Nothing is left behind when nothing is kept. */
const keep = (entries: readonly Entry[]): Step =>
  entries.length === 0
    ? { gather: remove, item: JSON.stringify(place) }
    : { gather: apply, item: kept(entries) };

const kept = (entries: readonly Entry[]): string =>
  JSON.stringify({ ...place, data: { objects: JSON.stringify(entries) } });
