import { type Duration, secondsIn } from '../src/cluster/duration.ts';
import { type Script, sh } from '../src/connection/quote.ts';
import type { Resource } from '../src/engine/resource.ts';
import { kubectl, type Manifest, manifest } from './resources/manifest.ts';
import type { Scope } from './scope.ts';

/** The group of whoever comes with a join token. */
export const BOOTSTRAPPERS = 'system:bootstrappers:hardway';

/** Its groups, by flavour: kubeadm binds what joining needs to one of its own. */
export const JOINERS = {
  scratch: [BOOTSTRAPPERS],
  kubeadm: [BOOTSTRAPPERS, 'system:bootstrappers:kubeadm:default-node-token'],
} as const;

const TYPE = 'bootstrap.kubernetes.io/token';
/** Whatever token it is: a plan does not know yet which one the run will make. */
const ID = 'token:join';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const secretOf = (id: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
  type: TYPE,
});

/** In the cluster only while machines are joining. Should that never end, it ends by itself after token.ttl. */
export function joinToken({ cluster, token }: Scope): Resource {
  const [id = '', secret = ''] = token.split('.');
  const { ttl } = cluster.token;
  const data = {
    'token-id': base64(id),
    'token-secret': base64(secret),
    'usage-bootstrap-authentication': base64('true'),
    // Who comes with it finds the authority in the cluster's own description, signed with it.
    ...(cluster.kubernetes.flavour === 'kubeadm' ? { 'usage-bootstrap-signing': base64('true') } : {}),
    'auth-extra-groups': base64(JOINERS[cluster.kubernetes.flavour].join(',')),
    expiration: base64(expiry(ttl)),
  };
  const object = manifest(secretOf(id), {
    secret: true,
    alsoSend: { data },
    check: (live) => problem(live, data['token-secret'], ttl),
    why: 'Machines join with this token; their requests are checked and signed on the operator’s side.',
  });
  return { ...object, id: ID };
}

/** As soon as everybody has joined: whoever finds an old token has found nothing. */
export const noJoinToken = (scope: Scope): Resource => ({
  ...joinToken(scope),
  desired: null,
  steps: () => [{ run: revokeTokens }],
  why: 'Everybody has joined; the next machine gets a token of its own.',
});

const expiry = (ttl: Duration): string =>
  new Date(Date.now() + secondsIn(ttl) * 1000).toISOString().replace(/\.\d+/, '');

/** A join takes minutes: a token that ends before is given a new end. */
function problem(live: Manifest, secret: string, ttl: Duration): string | null {
  const data = (live['data'] ?? {}) as Readonly<Record<string, string>>;
  if (data['token-secret'] !== secret) return 'another token';
  const left = Date.parse(Buffer.from(data['expiration'] ?? '', 'base64').toString()) - Date.now();
  return left > Math.min(300, secondsIn(ttl) / 2) * 1000 ? null : 'expired';
}

/** Takes all of them out of the cluster, whichever they are; those that others made stay. */
export const revokeTokens: Script = sh`${kubectl} delete secret --namespace kube-system --request-timeout=10s --ignore-not-found --wait=false --field-selector ${`type=${TYPE}`} --selector app.kubernetes.io/managed-by=hardway >/dev/null`;
