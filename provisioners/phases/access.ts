import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { ADMINISTRATORS } from '../certificates.ts';
import { apiServerReady } from '../conditions.ts';
import { BOOTSTRAPPERS, joinToken } from '../join-token.ts';
import { hasKubeVip, KUBE_VIP_RIGHTS } from '../kube-vip.ts';
import { applyAsMaster } from '../resources/break-glass.ts';
import { type Manifest, manifest } from '../resources/manifest.ts';
import { noManifest } from '../resources/no-manifest.ts';
import { publishedTrust } from '../resources/published-trust.ts';
import { type Scope, speaker } from '../scope.ts';

/** Who may do what: administrators, joining machines, the API server towards kubelets. */
export const access = (cluster: Cluster, present: readonly string[]): Phase<Scope> => ({
  name: 'access',
  title: 'Give access',
  docs: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  on: speaker(cluster, present),
  needs: [apiServerReady(cluster)],
  stages: [
    { title: 'administrators', resources: administrators },
    { title: 'machines', resources: machines },
  ],
});

const administrators = ({ cluster, node, pki }: Scope): Resource[] => [
  manifest(binding('hardway:cluster-admins', 'cluster-admin', ADMINISTRATORS, 'Group'), {
    gather: applyAsMaster(cluster, node, pki),
    why: 'Administrators have their right by RBAC, so it can be taken away again.',
  }),
];

function machines(scope: Scope): Resource[] {
  return [
    manifest(binding('hardway:node-bootstrapper', 'system:node-bootstrapper', BOOTSTRAPPERS, 'Group'), {
      why: 'A machine with the join token may ask for its certificate.',
    }),
    manifest(
      binding('hardway:kubelet-api', 'system:kubelet-api-admin', 'kube-apiserver-kubelet-client', 'User'),
      {
        why: 'The API server may fetch logs and start commands on nodes.',
      },
    ),
    manifest(nodeReader, { why: 'Root’s kubectl on a minion, which is the node itself, shows the nodes.' }),
    manifest(binding(NODE_READER, NODE_READER, 'system:nodes', 'Group'), {
      why: 'Nothing new to whoever is root there: kube-proxy’s credential shows them too.',
    }),
    ...(scope.cluster.pki.signer === 'cluster'
      ? [renewal]
      : [noManifest(RENEWAL, 'What kubelets ask for is answered from the operator’s side.')]),
    ...KUBE_VIP_RIGHTS.map((right) =>
      hasKubeVip(scope.cluster)
        ? manifest(right)
        : noManifest(right, 'Nothing keeps the address by kube-vip.'),
    ),
    publishedTrust(scope.pki),
    ...(scope.joining.length > 0 ? [joinToken(scope)] : []),
  ];
}

const binding = (name: string, role: string, subject: string, kind: 'Group' | 'User'): Manifest => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind, name: subject }],
});

const NODE_READER = 'hardway:node-reader';
const nodeReader: Manifest = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: NODE_READER },
  rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] }],
};

const RENEWAL = binding(
  'hardway:node-renewal',
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
  'system:nodes',
  'Group',
);
const renewal = manifest(RENEWAL, {
  why: 'A kubelet is given the next certificate for itself without being asked.',
});
