import { gunzipSync } from 'node:zlib';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import type { Batch, Gather } from '../../src/engine/resource.ts';
import { identity, kubectl, listOf, type Manifest, unlessDatabase } from './manifest.ts';

/** What the server says of one object. */
export interface Trial {
  /** As it is; null: there is none. */
  readonly there: Manifest | null;
  /** As it would be, were it applied; null: the server refuses it. */
  readonly would: Manifest | null;
  /** Why it is refused. */
  readonly said: string;
}

const APPLY = verbatim(
  'apply --server-side --validate=false --force-conflicts --field-manager=hardway' as Script,
);

/** All objects of a stage with one call. What the server refuses does not keep it from the others: the next look tells. */
export const applyOwn: Gather = {
  name: 'apply-own',
  script: (items) => sh`${kubectl} ${APPLY} -f - <<'HARDWAY' || true
${verbatim(listOf(items) as Script)}
HARDWAY`,
};

/** Seconds for all objects together. */
const PATIENCE = 50;

/**
 * Asks the server what it would make of each object: it alone knows its defaults, its spellings, and what it refuses.
 * Nothing is changed by it. All of them with two calls; one by one only when one of them is refused.
 */
export const trial: Batch = {
  name: 'trial',
  apart: true,
  script: (asks) => sh`${verbatim(unlessDatabase)}
[ -x /usr/local/bin/kubectl ] && [ -e /etc/kubernetes/admin.conf ] || exit 0
try() { timeout ${PATIENCE} ${kubectl} ${APPLY} --dry-run=server --request-timeout=10s -o json -f -; }
look() { timeout ${PATIENCE} ${kubectl} get --ignore-not-found --request-timeout=10s -o json -f -; }
pack() { printf '%s' "$1" | gzip -1 | base64 -w0; }
all() {
cat <<'HARDWAY'
${verbatim(listOf(asks) as Script)}
HARDWAY
}
if would=$(all | try 2>/dev/null) && there=$(all | look 2>/dev/null); then
  echo "all|$(pack "$there")|$(pack "$would")|"
  exit 0
fi
${kubectl} get --raw /readyz --request-timeout=5s >/dev/null 2>&1 || exit 0
each() {
  one=$(cat)
  there=$(printf '%s' "$one" | look 2>/dev/null)
  said=
  would=$(printf '%s' "$one" | try 2>/dev/null) || { would=; said=$(printf '%s' "$one" | try 2>&1 >/dev/null); }
  echo "$1|$(pack "$there")|$(pack "$would")|$(pack "$said")"
}
${verbatim(...asks.map(each))}`,
  answers: (output, asks) => {
    const lines = output.split('\n').map((line) => line.split('|'));
    const [, there = '', would = ''] = lines.find(([key]) => key === 'all') ?? [];
    if (would !== '') return together(asks, there, would);
    if (output.startsWith('answered')) return asks.map(() => JSON.stringify(NOTHING));
    const byIndex = new Map(lines.map(([index = '', ...rest]) => [index, rest]));
    return asks.map((_, index) => {
      const packed = byIndex.get(String(index));
      return packed === undefined ? null : JSON.stringify(apart(packed));
    });
  },
};

const each = (ask: string, index: number): Script => sh`each ${index} <<'HARDWAY'
${verbatim(ask as Script)}
HARDWAY`;

/** Where there is no database. */
const NOTHING: Trial = { there: null, would: null, said: '' };

function together(asks: readonly string[], there: string, would: string): string[] {
  const [present, wanted] = [byIdentity(unpacked(there)), byIdentity(unpacked(would))];
  return asks.map((ask) => {
    const object = JSON.parse(ask) as Manifest;
    return JSON.stringify({ there: find(present, object), would: find(wanted, object), said: '' });
  });
}

const apart = ([there = '', would = '', said = '']: readonly string[]): Trial => ({
  there: objects(unpacked(there))[0] ?? null,
  would: objects(unpacked(would))[0] ?? null,
  said: unpacked(said),
});

const unpacked = (text: string): string =>
  text === '' ? '' : gunzipSync(Buffer.from(text, 'base64')).toString();

/** What kubectl prints: nothing, one object, or a list of several. */
function objects(text: string): Manifest[] {
  if (text.trim() === '') return [];
  const found = JSON.parse(text) as Manifest & { items?: Manifest[] };
  return found.kind === 'List' ? (found.items ?? []) : [found];
}

const byIdentity = (text: string): ReadonlyMap<string, Manifest> =>
  new Map(objects(text).map((object) => [identity(object), object]));

/** What is said without a namespace may be in none, or in the default one. */
const find = (all: ReadonlyMap<string, Manifest>, object: Manifest): Manifest | null =>
  all.get(identity(object)) ??
  all.get(identity({ ...object, metadata: { ...object.metadata, namespace: 'default' } })) ??
  null;
