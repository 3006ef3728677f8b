// What several add-ons are made of.

import { createHash } from 'node:crypto';
import type { Artefacts } from '../../src/artefacts/artefact.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { HardwayError } from '../../src/errors.ts';
import type { Manifest } from '../resources/manifest.ts';
import { byRole } from '../scope.ts';

type Rules = readonly {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}[];

const core = { apiVersion: 'v1' };
const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
const group = 'rbac.authorization.k8s.io';

/** What cluster.json says of an add-on, and for the rest what is usual; the schema has judged it. */
export const settingsOf = <Settings extends object>(
  cluster: Cluster,
  name: string,
  usual: Settings,
): Settings => ({ ...usual, ...(cluster.addons[name] as Partial<Settings> | undefined) });

/** Reference of an image in the lock. */
export function imageOf(artefacts: Artefacts, name: string): string {
  const { reference } = artefacts.get(`image:${name}`);
  if (reference === undefined) throw new HardwayError('INTERNAL', `the image ${name} has no reference`);
  return reference;
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** For an annotation of pods that read a file only when they start: another text makes other pods. */
export const mark = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/**
 * A namespace of an add-on's own, whose default account gives pods no token; `level` is what the API server lets pods
 * do there.
 */
export const namespaceOf = (name: string, level: 'restricted' | 'baseline' | 'privileged'): Manifest[] => [
  {
    ...core,
    kind: 'Namespace',
    metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': level } },
  },
  { ...serviceAccount('default', name), automountServiceAccountToken: false },
];

/** Who an add-on's pods are, when they ask nothing of the API and when they do. */
export const serviceAccount = (name: string, namespace: string): Manifest => ({
  ...core,
  kind: 'ServiceAccount',
  metadata: { name, namespace },
});

/** A ClusterRole and who has it: the ServiceAccount of a namespace. */
export const clusterRights = (name: string, account: string, namespace: string, rules: Rules): Manifest[] => [
  { ...rbac, kind: 'ClusterRole', metadata: { name }, rules },
  clusterBinding(name, name, account, namespace),
];

export const clusterBinding = (name: string, role: string, account: string, namespace: string): Manifest => ({
  ...{ ...rbac, kind: 'ClusterRoleBinding', metadata: { name } },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
  subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
});

/** A Role of a namespace and who of the same namespace has it. */
export const rights = (name: string, account: string, namespace: string, rules: Rules): Manifest[] => [
  { ...rbac, kind: 'Role', metadata: { name, namespace }, rules },
  {
    ...{ ...rbac, kind: 'RoleBinding', metadata: { name, namespace } },
    roleRef: { apiGroup: group, kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
  },
];

/** For pods that a master has room for, should nothing else be there. */
export const anywhere = [
  { key: 'CriticalAddonsOnly', operator: 'Exists' },
  { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' },
];

/** What a pod of the level "restricted" says of itself; `user` is a number. */
export const asUser = (user: number): object => ({
  ...{ runAsNonRoot: true, runAsUser: user, runAsGroup: user },
  seccompProfile: { type: 'RuntimeDefault' },
});

/** And each of its containers; `capabilities` are those it keeps. */
export const confined = (...capabilities: readonly string[]): object => ({
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'], ...(capabilities.length === 0 ? {} : { add: capabilities }) },
});

/** A certificate of the cluster's own and its key, as pods mount them. */
export const certificateSecret = (
  name: string,
  namespace: string,
  { certificate, key }: { readonly certificate: string; readonly key: string },
): Manifest => ({
  ...{ ...core, kind: 'Secret', metadata: { name, namespace }, type: 'kubernetes.io/tls' },
  data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
});

/** Affinity of pods that run on these nodes only. */
export const onNodes = (names: readonly string[]): object => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: hostnames(names) },
  },
});

export const hostnames = (names: readonly string[]): object[] => [
  { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: names }] },
];

/** Where an add-on runs when nobody says it: on the machines that are there for pods. */
export function workers(cluster: Cluster): string[] {
  const minions = byRole(cluster, 'minion');
  return (minions.length === 0 ? byRole(cluster, 'master') : minions).map(({ name }) => name);
}
