import { type Duration, secondsIn } from '../../src/cluster/duration.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { ADMINISTRATORS } from '../certificates.ts';
import { apiServerReady } from '../conditions.ts';
import { applyAsMaster } from '../resources/break-glass.ts';
import { type Manifest, manifest } from '../resources/manifest.ts';
import { byRole, namesOf, type Scope } from '../scope.ts';

const BOOTSTRAPPERS = 'system:bootstrappers:hardway';

/** Who may do what: administrators, joining machines, the API server towards kubelets. */
export const access = (cluster: Cluster): Phase<Scope> => ({
  name: 'access',
  title: 'Give access',
  docs: 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/',
  on: namesOf(byRole(cluster, 'master')).slice(0, 1),
  needs: [apiServerReady(cluster)],
  stages: [
    { title: 'administrators', resources: administrators },
    { title: 'machines', resources: machines },
  ],
});

const administrators = ({ cluster, pki }: Scope): Resource[] => [
  manifest(binding('hardway:cluster-admins', 'cluster-admin', ADMINISTRATORS, 'Group'), {
    gather: applyAsMaster(cluster, pki),
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

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const MINUTE = 60_000;

/** In the cluster only while machines are joining: it ends by itself after token.ttl. */
function joinToken({ cluster, token }: Scope): Resource {
  const [id = '', secret = ''] = token.split('.');
  const wanted: Manifest = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
  };
  const data = {
    'token-id': base64(id),
    'token-secret': base64(secret),
    'usage-bootstrap-authentication': base64('true'),
    'auth-extra-groups': base64(BOOTSTRAPPERS),
    expiration: base64(expiry(cluster.token.ttl)),
  };
  return manifest(wanted, {
    secret: true,
    alsoSend: { data },
    check: (live) => tokenProblem(live, data['token-secret']),
    why: 'Machines join with this token; their requests are checked and signed on the operator’s side.',
  });
}

const expiry = (ttl: Duration): string =>
  new Date(Date.now() + secondsIn(ttl) * 1000).toISOString().replace(/\.\d+/, '');

function tokenProblem(live: Manifest, secret: string): string | null {
  const data = (live['data'] ?? {}) as Readonly<Record<string, string>>;
  if (data['token-secret'] !== secret) return 'another token';
  const ends = Date.parse(Buffer.from(data['expiration'] ?? '', 'base64').toString());
  return ends > Date.now() + 5 * MINUTE ? null : 'expired';
}
