/**
 * Labels and taints that nobody could have, and those that Kubernetes, or Hardway, sets by itself: written here they would
 * be changed back for ever.
 */
import type { Judged } from './description.ts';
import type { Entry } from './entry.ts';
import { whyNoNode } from './nodes.ts';
import type { Finding, Path } from './problem.ts';
import { quoted } from './problem.ts';
import type { Settings } from './settings.ts';

export const labelFindings = (entries: readonly Entry[], settings: Judged<Settings>): readonly Finding[] =>
  entries.flatMap((entry, index) => {
    const why = whyNoNode(entry, settings);
    return why === undefined
      ? [...ownedLabels(entry, index), ...ownedTaints(entry, index)]
      : withoutNode(entry, index, why);
  });

function withoutNode(entry: Entry, index: number, why: string): readonly Finding[] {
  const { labels = {}, taints = [] } = entry ?? {};
  const written = [
    ...(Object.keys(labels).length > 0 ? ['labels'] : []),
    ...(taints.length > 0 ? ['taints'] : []),
  ];
  return written.map((key) => ({
    ...finding(['nodes', index, key], 'key', `only nodes of the cluster have them: ${why}`),
    allowed: 'nothing here; or the role "minion" besides',
  }));
}

const OWNED: Readonly<Record<string, string>> = {
  'kubernetes.io/hostname': 'the kubelet',
  'kubernetes.io/os': 'the kubelet',
  'kubernetes.io/arch': 'the kubelet',
  'app.kubernetes.io/managed-by': 'Hardway',
  'node-role.kubernetes.io/control-plane': 'Hardway, from "roles"',
  'node-role.kubernetes.io/etcd': 'Hardway, from "roles"',
  'node-role.kubernetes.io/minion': 'Hardway, from "roles"',
};

function ownedLabels(entry: Entry, index: number): readonly Finding[] {
  return Object.keys(entry?.labels ?? {}).flatMap((key) => {
    const owner = OWNED[key];
    return owner === undefined ? [] : [finding(['nodes', index, 'labels', key], 'key', `is set by ${owner}`)];
  });
}

function ownedTaints(entry: Entry, index: number): readonly Finding[] {
  const seen = new Set<string>();
  return (entry?.taints ?? []).flatMap((taint, place) => {
    if (taint?.key === undefined) return [];
    const path = ['nodes', index, 'taints', place] as const;
    const findings = taint.key.startsWith('node.kubernetes.io/')
      ? [finding([...path, 'key'], 'value', `${quoted(taint.key)} is set by Kubernetes, as the node fares`)]
      : [];
    const identity = `${taint.key}:${taint.effect}`;
    if (taint.effect !== undefined && seen.has(identity))
      findings.push(finding(path, 'value', `${quoted(identity)} stands in it twice`));
    seen.add(identity);
    return findings;
  });
}

const finding = (path: Path, at: Finding['at'], message: string): Finding => ({ path, at, message });
