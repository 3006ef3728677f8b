import type { Manifest } from '../resources/manifest.ts';

/** What others need comes first; what asks about others comes last. Kinds that are not here come in between. */
const FIRST = [
  ...['Namespace', 'CustomResourceDefinition', 'PriorityClass', 'RuntimeClass', 'IngressClass'],
  ...['StorageClass', 'ServiceAccount', 'Secret', 'ConfigMap', 'PersistentVolume', 'PersistentVolumeClaim'],
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding', 'LimitRange', 'ResourceQuota', 'Service'],
  ...['DaemonSet', 'Deployment', 'StatefulSet', 'ReplicaSet', 'Pod', 'Job', 'CronJob'],
];
const LAST = ['APIService', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];

const rank = (kind: string): number => {
  const first = FIRST.indexOf(kind);
  return first >= 0 ? first : FIRST.length + 1 + LAST.indexOf(kind);
};

/** Negative: the first is applied before the second (and removed after it). */
export const byOrder = (one: Pick<Manifest, 'kind'>, other: Pick<Manifest, 'kind'>): number =>
  rank(one.kind) - rank(other.kind);

/** Others may be of such a kind or lie in it: it must be there before they are sent. */
export const isGround = ({ kind }: Pick<Manifest, 'kind'>): boolean =>
  kind === 'Namespace' || kind === 'CustomResourceDefinition';
