import type { Node } from '../src/cluster/model.ts';
import type { Resource } from '../src/engine/resource.ts';
import { type Manifest, manifest } from './resources/manifest.ts';
import { noManifest } from './resources/no-manifest.ts';

/** Where flanneld's credential lies when its store is Kubernetes. */
export const FLANNEL_CONF = '/etc/flannel/kubeconfig';

/** Group of all flannels, and the user that one of them is. */
export const FLANNELS = 'hardway:flannel';
export const flannelUser = (node: string): string => `${FLANNELS}:${node}`;

const RBAC = 'rbac.authorization.k8s.io';

/** Every flannel reads all nodes, and writes the status of its own one alone. */
export const flannelRights = (nodes: readonly Node[]): Resource[] => [
  manifest(role(FLANNELS, { verbs: ['get', 'list', 'watch'], resources: ['nodes'] })),
  manifest(binding(FLANNELS, 'Group', FLANNELS), {
    why: 'Where the pods of each machine are is on its Node.',
  }),
  ...nodes.flatMap(({ name }) => [
    manifest(role(flannelUser(name), ownStatus(name))),
    manifest(binding(flannelUser(name), 'User', flannelUser(name)), {
      why: `The flannel of ${name} says how its pods are reached, and changes no other Node.`,
    }),
  ]),
];

/** Of a machine that left. */
export const noFlannelRights = (name: string): Resource[] => [
  noManifest(role(flannelUser(name), ownStatus(name)), 'It is no longer in cluster.json.'),
  noManifest(binding(flannelUser(name), 'User', flannelUser(name)), 'It is no longer in cluster.json.'),
];

const ownStatus = (name: string): Rule => ({
  verbs: ['patch'],
  resources: ['nodes/status'],
  resourceNames: [name],
});

interface Rule {
  readonly verbs: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

const role = (name: string, rule: Rule): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules: [{ apiGroups: [''], ...rule }],
});

const binding = (name: string, kind: 'Group' | 'User', subject: string): Manifest => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
  subjects: [{ apiGroup: RBAC, kind, name: subject }],
});
